"""The embedded backend: one SQLite file a town."""
