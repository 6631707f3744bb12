"""How to compute with facts: formulas with units and sources. Pure."""
