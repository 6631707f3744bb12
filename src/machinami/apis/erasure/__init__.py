"""Erasure, and the account of it, as HTTP."""
