"""The buses service."""
