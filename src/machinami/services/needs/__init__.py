"""What does the town need, who said so, what does it want to become, and which of its services answers which need?"""
