"""How is a whole number of yen or seats split by weights so that nothing is lost or made? The largest remainders."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from machinami.foundation.errors import InputError


def apportioned(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Whole shares of a whole total, in proportion to weights ≥ 0, at least one of them above 0; they sum to it.

    What rounding down leaves goes by one to the largest remainders (Hamilton 1792), among equal ones to who stands
    first. A negative total is split as its opposite. Raises InputError.
    """
    if not weights or min(weights) < 0 or sum(weights) == 0:
        raise InputError("To split an amount, at least one weight must be above 0, and none below")
    if total < 0:
        return [-share for share in apportioned(-total, weights)]
    whole = sum(map(Fraction, weights))
    return rounded([total * Fraction(weight) / whole for weight in weights], total)


def rounded(shares: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers beside exact shares, each up or down, that sum to the total. Raises InputError where the shares
    are further from the total than one for each."""
    down = [floor(share) for share in shares]
    left = total - sum(down)
    if not 0 <= left <= len(shares):
        raise InputError(f"Shares of {float(sum(shares)):.2f} in all are not those of {total}")
    order = sorted(range(len(shares)), key=lambda i: (down[i] - shares[i], i))
    for i in order[:left]:
        down[i] += 1
    return down
