"""Anonymous data that a town publishes of its people: how a release is made, checked, decided on and withdrawn."""
