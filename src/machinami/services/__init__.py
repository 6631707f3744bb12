"""What the city does: one small house per service."""
