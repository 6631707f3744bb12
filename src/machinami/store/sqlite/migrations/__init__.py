"""The steps by which a town's file came to its present form; user_version says how many it has made."""
