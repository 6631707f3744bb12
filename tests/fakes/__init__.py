"""Fakes: one a port."""
