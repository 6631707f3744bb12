"""What follows from reports: which are the same, whose they are, how they go on, and how long mending takes."""
