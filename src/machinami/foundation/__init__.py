"""Ids, time, geometry, units and errors: what everything else is said in."""
