"""Into which period of an aggregation does a moment fall? (ETSI GS CIM 009, 4.5.19)

Periods follow each other from an origin. One of a fixed length is counted; one with months follows the calendar in
UTC: the n-th begins n times its months after the origin, on the same day or the last one of a shorter month.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime

from machinami.foundation.instant import from_micros, to_micros
from machinami.model.query import Duration

_LAST = datetime.max.replace(tzinfo=UTC)
_LAST_MICROS = to_micros(_LAST)
_DAYS_OF_MONTH = 30.436875  # in the mean of 400 years
_DAY = 86_400 * 1_000_000
LONGEST = 1 << 61  # microseconds: longer than the calendar


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods of one length from an origin (microseconds since 1970)."""

    origin: int
    length: Duration

    @property
    def width(self) -> int:
        """The microseconds of a period, besides its months."""
        return min(round(self.length.seconds * 1_000_000), LONGEST)

    def number(self, at: int) -> int:
        """The number of the period in which the moment is, the first being 0."""
        if not self.length.months:
            return (at - self.origin) // max(1, self.width)
        about = self.length.months * _DAYS_OF_MONTH * _DAY + self.width
        number = int((at - self.origin) // about)
        while number and to_micros(self.begin(number)) > at:
            number -= 1
        while self.begin(number + 1) < _LAST and to_micros(self.begin(number + 1)) <= at:
            number += 1
        return number

    def begin(self, number: int) -> datetime:
        """When the period of this number begins; no later than the end of the calendar."""
        if not self.length.months:
            return moment(self.origin + number * max(1, self.width))
        start = from_micros(self.origin)
        year, month = divmod(start.year * 12 + start.month - 1 + number * self.length.months, 12)
        if year > _LAST.year:
            return _LAST
        day = min(start.day, monthrange(year, month + 1)[1])
        begin = to_micros(start.replace(year=year, month=month + 1, day=day))
        return moment(begin + number * self.width)


def moment(micros: int) -> datetime:
    """The moment so many microseconds after the beginning of 1970; no later than the end of the calendar."""
    return from_micros(min(micros, _LAST_MICROS))
