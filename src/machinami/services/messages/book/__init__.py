"""What the pages of messages show, and what residents and officers may do there."""
