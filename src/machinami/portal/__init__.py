"""Home, map and directory: the pages that belong to no single service."""
