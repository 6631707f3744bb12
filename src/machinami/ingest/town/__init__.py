"""The simulated town: an invented place with an invented river, for demonstrations and tests, never for a
decision."""
