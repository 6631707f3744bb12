"""What is gathered when an installation is looked over, running or not, and what is kept of it in between."""
