"""Can this gauge be believed? Silence, flat lines, jumps, spikes and impossible values, each with its facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from machinami.model.vocabulary.decisions import Reason
from machinami.services.flood.model import METRES, Sample, Settings

Fault = Literal["none", "never", "silent", "range", "stuck", "jump"]
LOWEST_METRES, HIGHEST_METRES = -20.0, 60.0
"""No gauge of a river in a town reads outside these (above its own zero)."""
NOTABLE_RAIN = 5.0
"""Rain (mm over the span looked at) that should move a river, or explain that it moves."""
NOTABLE_MOVE = 0.1
"""A neighbour's change (m) that says the river moves."""
SPIKE_AGREEMENT = 1 / 3
"""Neighbouring readings agree when they differ by less than this share of the jump limit."""
JUMP_SPAN = timedelta(minutes=20)
"""Only readings closer than this show a jump; across a longer gap a river may have risen."""
JUMP_MEMORY = timedelta(hours=12)
"""A datum that shifted is doubted for so long, unless it shifts back or somebody corrects it."""
WET_BEFORE = timedelta(hours=3)


class Level(NamedTuple):
    """One reading in the gauge's unit; value None: marked as missing."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else is known: catchment rain (end of interval, mm, mean over gauges) and the neighbours' levels in m."""

    rain: Sequence[Sample] = ()
    neighbours: Sequence[Sequence[Sample]] = ()


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a gauge can be believed. With a fault its state is unknown, never calm; notes are worth saying.

    `trusted`: the readings that may be judged, without gaps, spikes and impossible values.
    """

    fault: Fault
    reasons: tuple[Reason, ...]
    trusted: tuple[Sample, ...]

    @property
    def known(self) -> bool:
        """Whether the gauge's level can be judged."""
        return self.fault == "none"

    @property
    def rising_doubt(self) -> bool:
        """Whether the only doubt is that it rose too fast: perhaps a fault, perhaps a flood that nothing else saw."""
        return self.fault == "jump" and self.reasons[0].facts["metres"] > 0


def examine(
    readings: Sequence[Level], unit: str | None, around: Surroundings, settings: Settings, now: datetime
) -> Quality:
    """Judge the readings of one gauge (in order of time) as they stand at `now`."""
    metres = METRES.get(unit, 1.0)
    measured = [Sample(r.at, r.value) for r in readings if r.value is not None and r.at <= now]
    if not measured:
        return Quality("never", (Reason("never", {}),), ())
    possible = [one for one in measured if LOWEST_METRES <= one.value * metres <= HIGHEST_METRES]
    smooth, spikes = without_spikes(possible, settings.jump_metres / metres)
    notes = tuple(Reason("spike", {"at": at.isoformat(), "value": v}) for at, v in spikes)
    trusted = tuple(smooth)
    for fault, found in (
        ("silent", silence(measured, settings, now)),
        ("range", impossible(measured, possible)),
        ("stuck", flat_line(smooth, metres, around, settings)),
        ("jump", datum_shift(smooth, metres, around, settings, now)),
    ):
        if found is not None:
            return Quality(fault, (found, *notes), trusted)  # type: ignore[arg-type]
    return Quality("none", notes, trusted)


def silence(measured: Sequence[Sample], settings: Settings, now: datetime) -> Reason | None:
    """Say since when a gauge has said nothing, if that is too long."""
    last = measured[-1][0]
    minutes = (now - last).total_seconds() / 60
    if minutes <= settings.silent_minutes:
        return None
    return Reason("silent", {"since": last.isoformat(), "minutes": int(minutes)})


def impossible(measured: Sequence[Sample], possible: Sequence[Sample]) -> Reason | None:
    """Say that the latest reading is nothing a river can do."""
    if possible and possible[-1] == measured[-1]:
        return None
    at, value = measured[-1]
    return Reason("range", {"at": at.isoformat(), "value": value})


def without_spikes(points: Sequence[Sample], limit: float) -> tuple[list[Sample], list[Sample]]:
    """Part single readings that stand off by more than `limit` between neighbours that agree from the others."""
    kept, spikes = [], []
    for i, one in enumerate(points):
        if 0 < i < len(points) - 1:
            before, after = points[i - 1].value, points[i + 1].value
            agree = abs(before - after) < limit * SPIKE_AGREEMENT
            if agree and min(abs(one.value - before), abs(one.value - after)) > limit:
                spikes.append(one)
                continue
        kept.append(one)
    return kept, spikes


def flat_line(points: Sequence[Sample], metres: float, around: Surroundings, settings: Settings) -> Reason | None:
    """Say that a gauge repeats one value while rain falls or its neighbours move."""
    if not points:
        return None
    last, value = points[-1]
    since = last
    for at, v in reversed(points):
        if abs(v - value) * metres > 0.0005:
            break
        since = at
    if last - since < timedelta(minutes=settings.stuck_minutes):
        return None
    fallen = rain_between(around.rain, since, last)
    moved = max((spread(n, since, last) for n in around.neighbours), default=0.0)
    if fallen < NOTABLE_RAIN and moved < NOTABLE_MOVE:
        return None
    facts = {"since": since.isoformat(), "value": value, "rain": round(fallen, 1), "moved": round(moved, 2)}
    return Reason("stuck", facts)


def datum_shift(
    points: Sequence[Sample], metres: float, around: Surroundings, settings: Settings, now: datetime
) -> Reason | None:
    """Say that a gauge jumped between two readings though neither rain nor neighbours explain it.

    A jump that is undone by one of the same size the other way is forgotten. Where neither rain nor a neighbour is
    known a rise cannot be doubted: it may be a flood.
    """
    jumps: list[tuple[datetime, float, bool]] = []
    for (earlier, a), (at, b) in pairwise(points):
        by = (b - a) * metres
        if abs(by) <= settings.jump_metres or at - earlier > JUMP_SPAN or now - at > JUMP_MEMORY:
            continue
        if jumps and abs(jumps[-1][1] + by) < settings.jump_metres / 2:
            jumps.pop()
        else:
            jumps.append((at, by, _explained(around, earlier, at, by)))
    doubted = [(at, by) for at, by, explained in jumps if not explained]
    if not doubted:
        return None
    at, by = doubted[-1]
    return Reason("jump", {"at": at.isoformat(), "metres": round(by, 2)})


def _explained(around: Surroundings, earlier: datetime, at: datetime, by: float) -> bool:
    if by > 0 and not around.rain and not any(around.neighbours):
        return True
    moved = max((spread(n, earlier - JUMP_SPAN, at + JUMP_SPAN) for n in around.neighbours), default=0.0)
    return rain_between(around.rain, at - WET_BEFORE, at) >= NOTABLE_RAIN or moved > abs(by) / 2


def rain_between(rain: Sequence[Sample], since: datetime, until: datetime) -> float:
    """Rain in mm that fell in (since, until]."""
    return sum(depth for at, depth in rain if since < at <= until)


def spread(points: Sequence[Sample], since: datetime, until: datetime) -> float:
    """How far the values in [since, until] lie apart; 0 for none."""
    values = [value for at, value in points if since <= at <= until]
    return max(values) - min(values) if values else 0.0


def mean_rain(gauges: Mapping[str, Sequence[Sample]]) -> list[Sample]:
    """The mean over the rain gauges that report at each time."""
    found: dict[datetime, list[float]] = {}
    for points in gauges.values():
        for at, depth in points:
            if depth >= 0:
                found.setdefault(at, []).append(depth)
    return [Sample(at, sum(depths) / len(depths)) for at, depths in sorted(found.items())]
