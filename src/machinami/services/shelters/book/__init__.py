"""What the pages of the shelters service show."""
