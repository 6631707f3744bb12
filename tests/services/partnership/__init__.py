"""Tests of the partnership service."""
