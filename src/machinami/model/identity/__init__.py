"""Who people and programs are, by what they show it, and for how long it holds. Pure."""
