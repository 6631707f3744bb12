"""What should a town begin with, where does it stand, and what comes next? For an officer who has never done this.

Stages, questions, themes and the basic concept are data (stages/*.toml). Answers of officers, and what the running town
shows by itself, give a diagnosis with its reasons and the next three steps, each with the page where it is done.
"""
