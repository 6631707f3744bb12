"""How large is a share, and how much larger than another, with the range in which chance lets it lie?"""

import math
from dataclasses import dataclass

from scipy.special import ndtri


@dataclass(frozen=True, slots=True)
class Share:
    """A share (0 to 1) with its interval."""

    value: float
    low: float
    high: float


def wilson(hits: int, of: int, confidence: float = 0.95) -> Share:
    """The share of hits with Wilson's score interval (E. B. Wilson 1927, doi:10.1080/01621459.1927.10502953).

    It never leaves 0 to 1 and holds for small numbers. Raises ValueError unless 0 <= hits <= of and of > 0.
    """
    if not 0 <= hits <= of or of <= 0:
        raise ValueError(f"{hits} of {of} is no share")
    z = float(ndtri(0.5 + confidence / 2))
    share, part = hits / of, z * z / of
    centre = (share + part / 2) / (1 + part)
    half = z / (1 + part) * math.sqrt(share * (1 - share) / of + part / (4 * of))
    return Share(share, max(0.0, centre - half), min(1.0, centre + half))


def difference(hits: int, of: int, other_hits: int, other_of: int, confidence: float = 0.95) -> Share:
    """How much larger the first share is than the other, of two independent groups, with Newcombe's interval
    (R. G. Newcombe 1998, method 10, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I).

    It is put together from the two Wilson intervals, so that it holds where a share is 0 or 1.
    """
    one, two = wilson(hits, of, confidence), wilson(other_hits, other_of, confidence)
    value = one.value - two.value
    low = value - math.hypot(one.value - one.low, two.high - two.value)
    high = value + math.hypot(one.high - one.value, two.value - two.low)
    return Share(value, low, high)
