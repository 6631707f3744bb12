"""The face of a town's own look: its names, crest, colour and contact line."""
