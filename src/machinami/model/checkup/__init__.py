"""How does an installation fare, and what is to be done? Facts in, findings out."""
