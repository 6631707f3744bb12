"""Machinami (街並み): the city OS that a small town can run."""
