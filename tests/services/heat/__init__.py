"""Tests of the heat service."""
