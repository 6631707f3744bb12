"""What is broken in town, who sees to it, when was it mended? For residents, the offices, and who comes after them."""
