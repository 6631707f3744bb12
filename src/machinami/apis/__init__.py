"""The protocol faces of the broker."""
