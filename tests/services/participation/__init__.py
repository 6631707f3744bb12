"""Tests of the participation service."""
