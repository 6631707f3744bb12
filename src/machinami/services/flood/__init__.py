"""Forecasts the level of small rivers and proposes warnings, for the officer who must decide in time."""
