"""By which names services know people, and how people are matched between towns, as HTTP."""
