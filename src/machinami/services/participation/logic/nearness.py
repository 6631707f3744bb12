"""What was said before that is like what somebody writes now?"""

from collections.abc import Sequence

from machinami.methods.likeness import vectors


def nearest(text: str, others: Sequence[str], least: float, most: int) -> list[int]:
    """The places of those that are at least so alike (0 to 1), the most alike first, at most so many."""
    if not text.strip() or not others:
        return []
    own, *known = vectors([text, *others])
    likeness = [sum(weight * one.get(gram, 0.0) for gram, weight in own.items()) for one in known]
    near = sorted(range(len(known)), key=lambda at: (-likeness[at], at))
    return [at for at in near if likeness[at] >= least][:most]
