"""Service requests of a city's citizens' service bureau (311), as a table."""
