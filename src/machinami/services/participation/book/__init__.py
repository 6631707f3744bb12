"""What is known of proposals, rounds and surveys, in the reader's words, for pages."""
