"""What is known of the heat and decided about it, in the reader's words, for pages."""
