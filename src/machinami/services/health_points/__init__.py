"""Turns the steps of residents who chose to join into points and advice, and says honestly what walking changes."""
