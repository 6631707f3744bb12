"""What does the officer in charge want to know: what is late, and with which departures would people wait less?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from machinami.foundation.errors import NotFound
from machinami.foundation.instant import parse_instant
from machinami.kit.city import City
from machinami.kit.words import Words
from machinami.model.transit import Network, Pattern
from machinami.services.buses.book.residents import line_name
from machinami.services.buses.logic.export import gtfs_of
from machinami.services.buses.logic.learning import DEMANDS
from machinami.services.buses.logic.network import Held
from machinami.services.buses.model import ArrivalEstimation, ArrivalScore, RoutePunctuality, TimetableProposal
from machinami.services.buses.service import timetable

MOST_SHOWN = 400


@dataclass(frozen=True, slots=True)
class VehicleRow:
    """A vehicle now: its line, its delay in seconds, since when that is known."""

    line: str
    place: str
    delay: float | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A departure that would be moved: when it leaves today, and when it would (seconds of the day)."""

    line: str
    headsign: str
    before: int
    after: int

    @property
    def minutes(self) -> int:
        """By how many minutes, later above zero."""
        return (self.after - self.before) // 60

    def clock(self, seconds: int) -> str:
        """A time of the day as 8:05."""
        return f"{seconds // 3600}:{seconds // 60 % 60:02}"


@dataclass(frozen=True, slots=True)
class StepRow:
    """What somebody did with a proposal."""

    who: str
    role: str
    at: datetime
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal as the page shows it; gains: share of waiting that is saved under each demand."""

    id: str
    key: str
    state: str
    day: str
    people: float
    counted: bool
    vehicles: int
    gains: Mapping[str, float]
    saved: float
    moves: Sequence[MoveRow]
    more: int
    steps: Sequence[StepRow]
    stale: bool


@dataclass(frozen=True, slots=True)
class OfficerView:
    """All that an officer sees."""

    routes: Sequence[RoutePunctuality]
    vehicles: Sequence[VehicleRow]
    proposals: Sequence[ProposalRow]
    score: ArrivalScore | None


async def officer_view(city: City, held: Held, words: Words) -> OfficerView:
    """Gather it."""
    network = held.network
    patterns = {pattern.id: pattern for pattern in network.patterns}
    said = await city.find(ArrivalEstimation)
    vehicles = sorted((_vehicle(network, patterns, one, words) for one in said), key=lambda row: -(row.delay or 0.0))
    proposals = [proposal_row(network, patterns, one, words) for one in await city.find(TimetableProposal)]
    routes = sorted(await city.find(RoutePunctuality), key=lambda one: -(one.median_delay or 0.0))
    score = next(iter(await city.find(ArrivalScore)), None)
    return OfficerView(routes, vehicles, proposals[::-1], score)


def _vehicle(network: Network, patterns: Mapping[str, Pattern], one: ArrivalEstimation, words: Words) -> VehicleRow:
    pattern = patterns.get(str(one.ref_pattern).split(":", 3)[-1])
    place = ""
    if pattern is not None and one.place is not None and 0 <= one.place < len(pattern.stops):
        place = words.of(network.stops[pattern.stops[one.place]].name)
    line = line_name(network, pattern.route, words) if pattern else "—"
    return VehicleRow(line, place, one.delay.value if one.delay else None, one.delay.observed_at if one.delay else None)


def proposal_row(
    network: Network, patterns: Mapping[str, Pattern], one: TimetableProposal, words: Words
) -> ProposalRow:
    """A proposal as the page shows it."""
    rows = []
    stale = False
    for move in one.moves or []:
        pattern = patterns.get(move["pattern"])
        trip = next((trip for trip in pattern.trips if trip.id == move["trip"]), None) if pattern else None
        if pattern is None or trip is None or trip.start != move["before"]:
            stale = True
            continue
        sign = trip.headsign or words.of(network.stops[pattern.stops[-1]].name)
        rows.append(MoveRow(line_name(network, pattern.route, words), sign, move["before"], move["after"]))
    rows.sort(key=lambda row: (row.line, row.headsign, row.before))
    gains = {row["demand"]: 1 - row["then"] / row["today"] for row in one.gains or [] if row["today"]}
    gains = gains if gains.keys() >= set(DEMANDS) else {}
    first = next(iter(one.gains or []), None)
    people = one.people or 0.0
    saved = (first["today"] - first["then"]) / people if first and people else 0.0
    steps = [
        StepRow(row["who"], row["role"], parse_instant(row["at"]), row["state"], row["reason"])
        for row in one.transitions or []
    ]
    return ProposalRow(
        one.id, one.id.rpartition(":")[2], one.state or "asked", one.day or "", people, bool(one.counted),
        one.vehicles or 0, gains, saved, rows[:MOST_SHOWN], max(0, len(rows) - MOST_SHOWN), steps, stale,
    )  # fmt: skip


async def exported(city: City, name: str) -> bytes:
    """The town's timetable as a GTFS file, with the departures of an approved proposal. Raises NotFound where there is
    none, or none that is approved."""
    found = await timetable(city)
    one = await city.get(TimetableProposal, name)
    if found is None or one is None or one.state != "approved":
        raise NotFound("There is no approved timetable of that name")
    return gtfs_of(moved(found[0].network, one))


def moved(network: Network, proposal: TimetableProposal) -> Network:
    """The timetable with the departures of a proposal; what no longer fits is left as it is."""
    starts = {(row["pattern"], row["trip"], row["before"]): row["after"] for row in proposal.moves or []}
    patterns = []
    for pattern in network.patterns:
        trips = tuple(
            replace(trip, start=starts.get((pattern.id, trip.id, trip.start), trip.start)) for trip in pattern.trips
        )
        patterns.append(replace(pattern, trips=trips))
    return replace(network, patterns=tuple(patterns))
