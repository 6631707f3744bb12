"""The face where a town is governed: who may do what, and who did what. Pages for people, JSON for programs."""
