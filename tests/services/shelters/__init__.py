"""Tests of the shelters service."""
