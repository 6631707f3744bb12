"""The face where a second machine takes what it needs to be the town one day. For a key that may do just that."""
