"""Tests of the reports from the street."""
