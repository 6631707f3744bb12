"""How does the product get into a closed network, and how is it renewed there?"""
