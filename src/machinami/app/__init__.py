"""The composition root: the only place that names a database, reads files and environment, or starts a loop."""
