"""Tests of the money service."""
