"""Says who works on the town together, by which rules they decide and share data, what they decided, and which offers
of solution providers meet which needs: for the office of the consortium, its members, and residents."""
