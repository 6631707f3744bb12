"""The rules of watch-over cameras: what is seen, which choice is best, what may be done. Values in, values out."""
