"""Where shall watch-over cameras hang, what do they see, who may look? For residents and the officer in charge."""
