"""Copies of an installation elsewhere: how they are made, proven, brought back, and followed."""
