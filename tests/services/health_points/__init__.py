"""Tests of the health points service."""
