"""Releases of anonymous data: pages and an HTTP API to make, check, decide on, read and withdraw them."""
