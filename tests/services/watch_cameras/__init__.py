"""Tests of the service of watch-over cameras."""
