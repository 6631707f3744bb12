"""What was promised, what is done, what did it cost, what did it change, what failed, what comes next? On one page."""
