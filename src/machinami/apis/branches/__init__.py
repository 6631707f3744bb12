"""The face where a branch (a shelter, a gauge house) delivers what it wrote without a line. For programs alone."""
