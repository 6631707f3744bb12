"""How high will the rivers rise, and what should the town tell its people? For residents, officers and successors."""
