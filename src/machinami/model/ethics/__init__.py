"""The ethics board: who sits on it, how an application goes through it, and how it decides. Pure."""
