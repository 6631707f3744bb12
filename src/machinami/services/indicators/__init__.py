"""Indicators: by which figures does the town judge itself, what are they now, and is it on its way?

For the officer who must account for a plan, the mayor and the assembly who decide by it, and residents who want to
know what became of a promise. Every figure is a formula over the entities of the town, or a survey that somebody
recorded; from any figure it is three steps to the rows from which it was computed.
"""
