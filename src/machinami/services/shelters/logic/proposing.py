"""What is proposed now, in one go, as a worker process works it out: how things stand, the shares, and the trips?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.model.vocabulary.places import NoFlyArea, RoadSegment, Shelter
from machinami.services.shelters.logic.allocating import Proposal, propose
from machinami.services.shelters.logic.delivering import plan
from machinami.services.shelters.logic.joining import Standing, standing
from machinami.services.shelters.logic.outlook import Outlook, outlook
from machinami.services.shelters.logic.ways import Sky, reaches
from machinami.services.shelters.model import ReliefDepot, ReliefOrder, Settings, ShelterReport, Trip

CARDS = "card"


@dataclass(frozen=True, slots=True)
class Known:
    """All that the service goes by."""

    shelters: Sequence[Shelter]
    depots: Sequence[ReliefDepot]
    reports: Sequence[ShelterReport]
    orders: Sequence[ReliefOrder]
    roads: Sequence[RoadSegment]
    closed_air: Sequence[NoFlyArea]
    wind: float | None
    settings: Settings


def outlooks(known: Known, now: datetime) -> dict[str, Outlook]:
    """How every place stands of which anything was told; of those that are closed, only what they hold."""
    shut = {one.id for one in known.shelters if one.state != "open"}
    return {
        place: outlook(told if place not in shut else Standing(holdings=told.holdings), known.settings, now)
        for place, told in standing(known.reports).items()
    }


def proposal(known: Known) -> tuple[Proposal, list[Trip]] | None:
    """How what the depots hold would be shared out and brought; None where nothing was asked for."""
    told = standing(known.reports)
    stock: Mapping[str, Mapping[str, float]] = {
        depot.id: {item: held.quantity for item, held in told[depot.id].holdings.items()} if depot.id in told else {}
        for depot in known.depots
    }
    ways = reaches(known.depots, known.shelters, known.roads, Sky(known.wind, known.closed_air), known.settings)
    found = propose(known.orders, stock, ways)
    if found is None:
        return None
    sites: list[Shelter | ReliefDepot] = [*known.shelters, *known.depots]
    places = {one.id: one.location for one in sites if one.location is not None}
    drones = {depot.id: depot.drones or 0 for depot in known.depots}
    return found, plan(found.rows, places, ways, drones, known.settings)
