"""How does a page say when? Dates in the town's zone, and how long ago in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from machinami.foundation.instant import format_instant
from machinami.kit.words import Words

TOWN_ZONE = "Asia/Tokyo"


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
    hours = f"{local:%H:%M}"
    month = words.plain(f"time.month.{local.month}")
    day = words.plain("time.date", day=local.day, month=month)
    clock = hours if local.date() == today.date() else f"{day} {hours}"
    named = f"{local:%Y-%m-%d %H:%M} {zone_name(at, zone)} ({zone})"
    return Moment(
        format_instant(at), clock, named, ago(now - at, words), f"{local:%Y-%m-%d}", f"{local:%Y-%m-%d %H:%M}"
    )


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
