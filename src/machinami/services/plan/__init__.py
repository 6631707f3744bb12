"""What does the town plan to do, why, by when, with whom, for how much, and what became of it?"""
