"""What the shelters service computes, without the town."""
