"""What is expected of a measured value at a moment that has not come yet?"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Step:
    """A forecast for one moment, in the unit of what is forecast: the median and the ends of the 90 % interval."""

    at: datetime
    low: float
    middle: float
    high: float
