"""Reads participatory budgeting elections in the format of Pabulib."""
