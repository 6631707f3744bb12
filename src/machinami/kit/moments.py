"""How does a page say when? Dates in the town's zone, and how long ago in words."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from machinami.foundation.instant import format_instant
from machinami.kit.words import DEFAULT_LANGUAGE, Words

TOWN_ZONE = "Asia/Tokyo"
_ERAS = ((2019, "令和"), (1989, "平成"), (1926, "昭和"))


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment as a page needs it: for machines, for eyes, for the whole truth, and how long ago; the day alone, and
    the minute without the zone, where the page says the zone."""

    iso: str
    clock: str
    full: str
    ago: str
    day: str = ""
    minute: str = ""


def moment(at: datetime, now: datetime, words: Words, zone: str = TOWN_ZONE) -> Moment:
    """The moment `at`, seen at `now`, in the town's zone; the zone is always named in `full`."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    hours, whole = f"{local:%H:%M}", day(local.date(), words)
    near = words.plain("time.date", day=local.day, month=words.plain(f"time.month.{local.month}"))
    clock = hours if local.date() == today.date() else f"{near if local.year == today.year else whole} {hours}"
    named = f"{whole} {hours} {zone_name(at, zone)} ({zone})"
    return Moment(format_instant(at), clock, named, ago(now - at, words), whole, f"{whole} {hours}")


def day(on: date, words: Words) -> str:
    """A day with its year, as people write it in the reader's language."""
    return words.plain("time.day", year=on.year, month=words.plain(f"time.month.{on.month}"), day=on.day)


def day_told(text: str | None, words: Words) -> str:
    """A day that stands in the data as YYYY-MM-DD, as people write it; what is no day stays as it is."""
    try:
        return day(date.fromisoformat(text or ""), words)
    except ValueError:
        return text or ""


def zone_name(at: datetime, zone: str) -> str:
    """What the zone is usually called at that moment (JST, CET, CEST); by its hours from UTC where it has none."""
    local = at.astimezone(ZoneInfo(zone))
    name = local.tzname() or f"{local:%z}"
    return f"UTC{name}" if name[0] in "+-" else name


def ago(passed: timedelta, words: Words) -> str:
    """How long ago, or how long until when `passed` is negative, in one unit."""
    seconds = abs(passed.total_seconds())
    when = "ahead" if passed.total_seconds() < -30 else "ago"
    if seconds < 60:
        return words.plain("time.now")
    if seconds < 3_600:
        return words.plain(f"time.minutes_{when}", count=int(seconds // 60))
    if seconds < 86_400:
        return words.plain(f"time.hours_{when}", count=int(seconds // 3_600))
    return words.plain(f"time.days_{when}", count=int(seconds // 86_400))


def fiscal(year: int, words: Words) -> str:
    """A fiscal year (from April) as offices name it: in Japanese by the era, too."""
    return words.plain("time.fiscal", year=_named(year, words))


def fiscal_span(first: int, last: int, words: Words) -> str:
    """Fiscal years from the first to the last, as offices name them; one alone where they are the same."""
    if first == last:
        return fiscal(first, words)
    one, other = (_named(year, words) for year in (first, last))
    return words.plain("time.fiscal_span", first=one, last=other)


def year_span(first: int, last: int, words: Words) -> str:
    """Calendar years from the first to the last."""
    if first == last:
        return words.plain("time.year", year=first)
    return words.plain("time.year_span", first=first, last=last)


def years_told(first: object, last: object, is_fiscal: bool, words: Words) -> str:
    """Years that stand in the data, of either kind; what is no year stays as it is."""
    if isinstance(first, int) and isinstance(last, int):
        return (fiscal_span if is_fiscal else year_span)(first, last, words)
    return str(first) if first == last else f"{first}–{last}"


def _named(year: int, words: Words) -> str:
    named = era(year) if words.language == DEFAULT_LANGUAGE else ""
    return f"{named}（{year}）" if named else str(year)


def era(year: int) -> str:
    """The year of the Japanese era to which a fiscal year is counted; empty before 1926. Reiwa began in May 2019: the
    whole fiscal year 2019 is its first."""
    for first, name in _ERAS:
        if year >= first:
            return f"{name}{'元' if year == first else year - first + 1}"
    return ""
