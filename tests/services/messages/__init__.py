"""What goes out to people, by which roads, and whom it reached."""
