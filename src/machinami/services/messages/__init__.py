"""What goes out to the people of the town, by which roads, and whom did it reach?"""
