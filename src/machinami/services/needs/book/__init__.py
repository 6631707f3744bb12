"""What the pages of the needs say, in the reader's words."""
