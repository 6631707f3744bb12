"""What residents, officers and successors are shown of steps, points and their effect, in the reader's words."""
