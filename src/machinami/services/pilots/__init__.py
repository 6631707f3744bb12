"""Should this trial begin, go on, become a service? For the officer who runs it, who decides, and who pays for it."""
