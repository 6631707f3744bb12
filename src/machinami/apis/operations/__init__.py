"""The face of an installation's upkeep: how it fares, what is to be done, and how long data are kept."""
