"""What the pages and prints of the plan say, in the reader's words."""
