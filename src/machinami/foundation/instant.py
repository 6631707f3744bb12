"""When is it? Reading and writing moments; inside the house every moment is an aware datetime in UTC."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from machinami.foundation.errors import BadRequestData

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS = 16_384
_DAY = 86_400


def parse_instant(text: object, where: str = "") -> datetime:
    """The moment that an ISO 8601 date-time says (ETSI GS CIM 009, 4.6.3), in UTC.

    Raises BadRequestData if the text is not a date-time with a zone; `where` names the member at fault.
    """
    if isinstance(text, str) and "T" in text:
        try:
            moment = datetime.fromisoformat(text.replace(",", "."))
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):  # overflow: a moment that UTC would put before year 1 or after 9999
            pass
    at = f"{where}: " if where else ""
    raise BadRequestData(
        f"{at}{text!r} is not a date-time; write it in UTC like 2026-06-30T09:00:00Z",
        value=str(text),
    )


def format_instant(moment: datetime) -> str:
    """The moment as ISO 8601 in UTC with Z; fractions only where there are any."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat()[:-6] + "Z"  # where isoformat has +00:00


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 (UTC): the form in which stores order time, exact for any datetime."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(micros: int) -> datetime:
    """The moment so many microseconds after the beginning of 1970."""
    return EPOCH + timedelta(microseconds=micros)


@lru_cache(_MOMENTS)
def format_micros(micros: int) -> str:
    """What `format_instant` writes for the moment so many microseconds after the beginning of 1970.

    Long series repeat days and times of day, so these are written once; no datetime is made for each reading.
    """
    second, fraction = divmod(micros, 1_000_000)
    day, clock = divmod(second, _DAY)
    return f"{_day(day)}T{_clock(clock)}.{fraction:06}Z" if fraction else f"{_day(day)}T{_clock(clock)}Z"


@lru_cache(_MOMENTS)
def _day(number: int) -> str:
    return (EPOCH + timedelta(days=number)).date().isoformat()


@lru_cache(_MOMENTS)
def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
