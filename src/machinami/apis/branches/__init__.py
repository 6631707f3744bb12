"""The face where a branch (a shelter, a gauge house) delivers what it wrote while its line was cut. For programs alone."""
