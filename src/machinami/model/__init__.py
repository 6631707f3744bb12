"""What a city fact is, and what it means to ask for one. Pure."""
