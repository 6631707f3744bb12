"""How data about people are made such that nobody is found in them, and how that is checked before they go out."""
