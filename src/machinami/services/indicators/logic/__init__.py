"""The rules of indicators: the language of formulas, the path to a target, charts of figures. Pure."""
