"""What talks to networks: one protocol per need, and its implementations."""
