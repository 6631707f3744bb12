"""The face of an installation's operator: its towns, as JSON and as a page."""
