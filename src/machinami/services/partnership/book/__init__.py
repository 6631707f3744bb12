"""What the partnership service shows, in the reader's words."""
