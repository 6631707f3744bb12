"""What the money service shows to residents, officers and successors, in the reader's words."""
