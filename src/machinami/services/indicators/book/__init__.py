"""What is known of the indicators, in the words of a reader."""
