"""What is known of the buses, gathered for the pages."""
