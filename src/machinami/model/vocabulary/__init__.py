"""Typed views of the entity types that several services share."""
