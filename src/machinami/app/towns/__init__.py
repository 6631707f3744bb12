"""Towns as they come, move and go on one installation."""
