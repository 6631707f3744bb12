"""What is known of the rivers and decided about them, in the reader's words, for pages."""
