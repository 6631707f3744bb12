"""Measures the running product from outside."""
