"""How many people are in each shelter now, and for how long does each thing there last?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from machinami.methods.head_count import HOUR, Count, Sureness, fuse
from machinami.methods.shortage import Lot, Need, Range, days_until, prior, seen
from machinami.services.shelters.logic.consumption import BY_ID, daily_use
from machinami.services.shelters.logic.joining import NEVER, Holding, Standing
from machinami.services.shelters.model import Settings

SEEN_FROM = timedelta(hours=6)
"""What was used teaches only when so much time has passed: a lunch is no day."""
SURE = Sureness()


@dataclass(frozen=True, slots=True)
class Supply:
    """One item in one place: how much there is, how much is expected to be used in a day, when it runs out."""

    item: str
    quantity: float
    daily: float
    runs_out: Range
    missing: float = 0.0


@dataclass(frozen=True, slots=True)
class Outlook:
    """One place: the count now (None: nobody ever counted) and its supplies, what runs out first at first."""

    count: Count | None
    counted_at: datetime | None
    supplies: tuple[Supply, ...]

    @property
    def worst(self) -> Supply | None:
        """What runs out first of what is used at all."""
        return next((one for one in self.supplies if one.daily > 0), None)


def count_now(place: Standing, now: datetime) -> Count | None:
    """How many there are now: as last joined, less sure by the hours since."""
    told = [one for one in place.heads if one.at <= now.timestamp()]
    if not told:
        return None
    last = fuse(told, SURE)[-1]
    hours = max(0.0, now.timestamp() - last.at) / HOUR
    deviation = math.sqrt(last.deviation**2 + SURE.unseen**2 * (last.persons + 1.0) * hours)
    return last._replace(deviation=deviation)


def outlook(place: Standing, settings: Settings, now: datetime) -> Outlook:
    """What is known of one place."""
    count = count_now(place, now)
    persons = count.persons if count else 0.0
    spread = (count.deviation / persons) if count and persons > 1 else 0.0
    daily = daily_use(persons, place.profile, settings)
    counts = fuse([one for one in place.heads if one.at <= now.timestamp()], SURE)
    supplies = [
        _supply(item, place.holdings.get(item, Holding()), (daily[item], spread), counts, settings, now)
        for item in BY_ID
        if daily[item] > 0 or item in place.holdings
    ]
    supplies.sort(key=lambda one: (one.daily <= 0, one.runs_out.middle, one.item))
    at = max((one.at for one in place.heads), default=None)
    return Outlook(count, None if at is None else datetime.fromtimestamp(at, now.tzinfo), tuple(supplies))


def _supply(
    item: str, held: Holding, use: tuple[float, float], counts: Sequence[Count], settings: Settings, now: datetime
) -> Supply:
    """One item; use: what is expected in a day, and how unsure the heads are (a share)."""
    daily, unsure_heads = use
    need = Need(daily, BY_ID[item].spread, math.hypot(settings.rate_unsure, min(unsure_heads, 1.0)))
    factor = prior(need)
    passed = now - held.since if held.since else timedelta(0)
    if held.since and held.used and passed >= SEEN_FROM and daily > 0:
        days = passed / timedelta(days=1) * _present(counts, held.since, now)
        factor = seen(factor, need, days, sum(amount for _, amount in held.used))
    lots = [Lot(amount, _days_left(last, now)) for last, amount in held.lots.items()]
    runs_out = days_until(lots, need, factor)
    return Supply(item, held.quantity, daily, runs_out, held.missing)


def _present(counts: Sequence[Count], since: datetime, now: datetime) -> float:
    """How many were there on average since a moment, as a share of how many there are now."""
    if not counts or counts[-1].persons <= 0:
        return 1.0
    began, ended, total = since.timestamp(), now.timestamp(), 0.0
    for number, one in enumerate(counts):
        begin = began if number == 0 else max(one.at, began)
        end = counts[number + 1].at if number + 1 < len(counts) else ended
        total += one.persons * max(0.0, min(end, ended) - begin)
    return total / max(ended - began, 1.0) / counts[-1].persons


def _days_left(last: date, now: datetime) -> float:
    """In how many days a lot expires: at the end of its last day."""
    if last == NEVER:
        return math.inf
    return max(0.0, (datetime.combine(last, datetime.min.time(), now.tzinfo) - now) / timedelta(days=1) + 1.0)


def needs(found: Outlook, settings: Settings) -> list[str]:
    """What runs out within the days at which the town wants to hear of it."""
    return [one.item for one in found.supplies if one.daily > 0 and one.runs_out.low < settings.short_days]
