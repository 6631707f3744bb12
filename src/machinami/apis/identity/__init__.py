"""The face where people and programs say who they are: pages for people, JSON and OAuth 2 for programs."""
