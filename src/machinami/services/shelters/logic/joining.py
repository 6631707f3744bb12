"""What stands in the shelters, given all that phones told, in whatever order and however often it arrived?

Reports are a set that only grows: each has an id made by the phone and the moment at which it was so. What stands is
read off the set in the order of (moment, id), so that two phones that were without a line for a day, and a report that
was sent three times, give the same as if all had arrived at once (a state-based CRDT, Shapiro et al. 2011,
doi:10.1007/978-3-642-24550-3_29). Nothing is taken back by forgetting it: a report that voids another one does it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from machinami.methods.head_count import Road, Told
from machinami.services.shelters.model import ShelterReport

NEVER = date.max
MOST = 1e7
"""More than any shelter has of anything, or people: a report that says more is not believed."""


@dataclass(slots=True)
class Holding:
    """What a place has of one item: lots by their last day, what was used when, and since when that is known."""

    lots: dict[date, float] = field(default_factory=dict)
    used: list[tuple[datetime, float]] = field(default_factory=list)
    since: datetime | None = None
    missing: float = 0.0
    """What was taken out and was not there by what had been told."""

    @property
    def quantity(self) -> float:
        """All of it."""
        return sum(self.lots.values())


@dataclass(slots=True)
class Standing:
    """What stands in one place: heads as told, people by group, holdings by item, open or closed with who and when."""

    heads: list[Told] = field(default_factory=list)
    profile: Mapping[str, int] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    state: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None
    last: datetime | None = None


def merged(reports: Iterable[ShelterReport]) -> tuple[ShelterReport, ...]:
    """Each report once, in order. Of two that differ under one id always the same stays."""
    kept: dict[str, ShelterReport] = {}
    for one in reports:
        held = kept.get(one.id)
        kept[one.id] = one if held is None or repr(one) < repr(held) else held
    return tuple(sorted(kept.values(), key=lambda one: (one.at, one.id)))


def standing(reports: Iterable[ShelterReport]) -> dict[str, Standing]:
    """What stands in each place, by its id."""
    told = merged(reports)
    voided = {one.voids for one in told if one.kind == "void"}
    places: dict[str, Standing] = {}
    for one in told:
        if one.id not in voided and one.kind not in ("void", "order"):
            _apply(places.setdefault(str(one.ref_place), Standing()), one)
    return places


def _apply(place: Standing, one: ShelterReport) -> None:
    place.last = one.at
    if one.kind in ("hand", "gate", "card"):
        if one.kind == "hand" and one.profile:
            place.profile = {group: int(min(max(0, count), MOST)) for group, count in one.profile.items()}
        present, came, left = (
            float(min(max(number or 0, 0), MOST)) for number in (one.persons, one.inward, one.outward)
        )
        place.heads.append(Told(one.at.timestamp(), _ROADS[one.kind], present, came, left))
    elif one.kind in ("open", "close"):
        place.state, place.changed_at, place.changed_by = _STATES[one.kind], one.at, one.told_by
    elif one.item and one.quantity is not None and 0 <= one.quantity <= MOST:
        _stock(place.holdings.setdefault(one.item, Holding()), one)


_ROADS: Mapping[str, Road] = {"hand": "hand", "gate": "gate", "card": "card"}
_STATES = {"open": "open", "close": "closed"}


def _stock(held: Holding, one: ShelterReport) -> None:
    amount = one.quantity or 0.0
    held.since = held.since or one.at
    if one.kind in ("stock_in", "arrived"):
        last = date.fromisoformat(one.expires_on) if one.expires_on else NEVER
        held.lots[last] = held.lots.get(last, 0.0) + amount
        return
    if one.kind == "stock_take":
        before = held.quantity
        if amount >= before:
            held.lots[NEVER] = held.lots.get(NEVER, 0.0) + amount - before
            return
        amount = before - amount
    held.missing += _first_out(held, amount)
    held.used.append((one.at, amount))


def _first_out(held: Holding, amount: float) -> float:
    """Take an amount out, what expires first at first; how much was not there."""
    for last in sorted(held.lots):
        taken = min(held.lots[last], amount)
        amount -= taken
        held.lots[last] -= taken
        if held.lots[last] <= 0:
            del held.lots[last]
    return amount
