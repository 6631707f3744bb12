"""Tests of the requirement menu."""
