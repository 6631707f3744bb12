"""Which functions of a 都市OS does the town want, which does it have, and what is missing for a tender?

The requirement menu is data (rows/menu.toml), with what is known of each row and whence. The town selects; what runs
here says by itself what it meets. For the officer who must decide on a city OS and write a specification.
"""
