"""When does the shelters service work, and what may its staff and officers do? Gather, decide, publish."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from machinami.foundation.errors import BadRequestData, Conflict, MachinamiError, NotFound
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.model.view import Ref, View
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import FACILITIES, NoFlyArea, RoadSegment, Shelter
from machinami.model.vocabulary.weather import WeatherObserved
from machinami.services.shelters.logic import deciding
from machinami.services.shelters.logic.allocating import Proposal
from machinami.services.shelters.logic.joining import standing
from machinami.services.shelters.logic.outlook import Outlook
from machinami.services.shelters.logic.proposing import Known
from machinami.services.shelters.logic.publishing import allocation_of, shelter_of, stocks_of
from machinami.services.shelters.logic.typed import order_id, report
from machinami.services.shelters.model import (
    ReliefAllocation,
    ReliefDepot,
    ReliefOrder,
    ReliefStock,
    Settings,
    ShelterReport,
    Trip,
)

PACKAGE = "machinami.services.shelters"
OUTLOOKS = f"{PACKAGE}.logic.proposing:outlooks"
PROPOSAL = f"{PACKAGE}.logic.proposing:proposal"
CARDS = "cards"
WIND_HOLDS = timedelta(hours=2)


class Taken(NamedTuple):
    """Which reports were taken (now or before), and which were not, with why not."""

    ids: list[str]
    refused: list[tuple[str, str]]


async def refresh(city: City, now: datetime) -> None:
    """Work out how every place stands, and propose how to share out what was asked for."""
    async with city.turn:
        known = await gather(city, now)
        found: Mapping[str, Outlook] = await city.compute_at(OUTLOOKS, known, now)
        told = standing(known.reports)
        stocks = {one.id: one for one in await city.find(ReliefStock)}
        places: list[Shelter | ReliefDepot] = [*known.shelters, *known.depots]
        states = [shelter_of(one, told.get(one.id), found.get(one.id), known.settings, now) for one in known.shelters]
        rows = [row for one in places for row in stocks_of(one, told.get(one.id), found.get(one.id), stocks, now)]
        await city.publish(*(one for one in states if one is not None), *rows)
        await _propose(city, known, now)


async def _propose(city: City, known: Known, now: datetime) -> None:
    """Keep the one proposal that waits in step with what is asked for; one that asks for nothing is taken back."""
    standing_now = next((one for one in await city.find(ReliefAllocation) if one.state == "proposed"), None)
    found: tuple[Proposal, list[Trip]] | None = await city.compute_at(PROPOSAL, known)
    if found is None or not found[0].rows:
        if standing_now is not None:
            await city.remove(ReliefAllocation, standing_now.id)
        return
    simulated = True if any(one.simulated for one in known.depots) else None
    made = allocation_of(standing_now, lambda: city.new_id("ReliefAllocation"), found, simulated, now)
    if made is not None:
        await city.publish(made, whole=True)


async def gather(city: City, now: datetime) -> Known:
    """What the town knows of its shelters, depots, roads and sky."""
    weather = [one.wind_speed for one in await city.find(WeatherObserved) if one.wind_speed]
    winds = [one.value for one in weather if one.value is not None and now - one.observed_at <= WIND_HOLDS]
    return Known(
        await city.find(Shelter),
        await city.find(ReliefDepot),
        await _with_cards(city, await city.find(ShelterReport)),
        await city.find(ReliefOrder),
        await city.find(RoadSegment),
        await city.find(NoFlyArea),
        max(winds, default=None),
        await city.settings(Settings),
    )


async def _with_cards(city: City, reports: Sequence[ShelterReport]) -> list[ShelterReport]:
    """Card reports with how many different cards had been shown in their place by then."""
    rows = await city.private_rows(CARDS)
    shown: dict[str, set[str]] = {}
    found: dict[str, int] = {}
    for one in sorted((r for r in reports if r.kind == "card" and r.id in rows), key=lambda r: (r.at, r.id)):
        cards = shown.setdefault(str(one.ref_place), set())
        cards.add(str(rows[one.id].get("card")))
        found[one.id] = len(cards)
    return [
        replace(one, persons=found[one.id]) if one.id in found else one
        for one in reports
        if one.kind != "card" or one.id in found
    ]


async def take(city: City, place: str, told: Sequence[Mapping[str, Any]], by: Officer) -> Taken:
    """Take what a phone told of a place, each report once however often it comes."""
    shelter = await city.get(Shelter, place)
    if shelter is None and await city.get(ReliefDepot, place) is None:
        raise NotFound(f"There is no shelter or depot {place[:100]}", place=place[:200])
    taken = Taken([], [])
    async with city.turn:
        for row in told:
            try:
                taken.ids.append(await _take_one(city, place, row, by))
            except MachinamiError as error:
                if not isinstance(error, BadRequestData | Conflict | NotFound):
                    raise
                taken.refused.append((str(row.get("id", ""))[:100], str(error)))
    return taken


async def _take_one(city: City, place: str, row: Mapping[str, Any], by: Officer) -> str:
    now = city.now()
    one = report(row, place, str(by), now)
    name = str(row.get("id", ""))
    if await city.get(ShelterReport, one.id) is not None:
        return name
    beside: list[ReliefOrder] = []
    if one.kind == "order":
        step = deciding.passage("asked", by, one.at)
        order = ReliefOrder(order_id(one.id), Ref(place), one.item, one.quantity, "asked", one.at, transitions=[step])
        beside.append(order)
    elif one.kind == "arrived":
        order = deciding.stepped(await _order(city, str(one.ref_order)), "arrived", by, one.at)
        one = replace(one, item=order.item, quantity=order.given or order.quantity)
        beside.append(order)
    elif one.kind == "void" and await city.get(ReliefOrder, order_id(str(one.voids))) is not None:
        beside.append(deciding.stepped(await _order(city, order_id(str(one.voids))), "withdrawn", by, one.at))
    elif one.kind == "card":
        await _keep_card(city, one, str(row.get("card", "")).strip())
    await city.publish(one, *beside, by=by.who)
    return name


async def _keep_card(city: City, one: ShelterReport, card: str) -> None:
    """Keep under which name the service knows a card that was shown; the number itself is kept nowhere."""
    if not card:
        raise BadRequestData("Read the card, or type its number", field="card")
    city.demand_author()
    pseudonym = city.pseudonym(card[:100])

    def work(drawer: Drawer) -> None:
        drawer.put(CARDS, one.id, {"card": pseudonym, "place": str(one.ref_place)})

    await city.private(work)


async def set_open(city: City, place: str, is_open: bool, by: Officer) -> None:
    """Open or close a shelter, now, by a named officer. Which cards were shown is forgotten when it closes."""
    city.demand_author()
    async with city.turn:
        shelter = await city.get(Shelter, place)
        if shelter is None:
            raise NotFound(f"There is no shelter {place[:100]}", place=place[:200])
        now = city.now()
        one = ShelterReport(city.new_id("ShelterReport"), Ref(place), "open" if is_open else "close", now, str(by), now)
        state = shelter_of(
            replace(shelter, state=None), standing([one])[place], None, await city.settings(Settings), now
        )
        await city.publish(one, *([state] if state else []), by=by.who)
        if not is_open:
            rows = await city.private_rows(CARDS)
            gone = [key for key, row in rows.items() if row.get("place") == place]
            await city.private(lambda drawer: [drawer.drop(CARDS, key) for key in gone])


async def set_facts(city: City, place: str, told: Mapping[str, str], by: Officer) -> None:
    """Say what a shelter has: facilities, and whether it is accessible, takes pets and stands where water may come."""
    city.demand_author()
    async with city.turn:
        shelter = await city.get(Shelter, place)
        if shelter is None:
            raise NotFound(f"There is no shelter {place[:100]}", place=place[:200])
        marked = [name for name in FACILITIES if told.get(f"has-{name}") == "yes"]
        accessible, pets, prone = (told.get(name) == "yes" for name in ("accessible", "pets", "flood_prone"))
        facts = Shelter(place, facilities=marked, accessible=accessible, pets=pets, flood_prone=prone)
        await city.publish(facts, by=by.who)


async def decide(city: City, allocation: str, to: str, reason: str, by: Officer) -> None:
    """Approve, decline or withdraw an allocation; an approved one takes its goods out of the depots."""
    city.demand_author()
    async with city.turn:
        one = await city.get(ReliefAllocation, allocation)
        if one is None:
            raise NotFound(f"There is no allocation {allocation[:100]}", allocation=allocation[:200])
        now, orders = city.now(), await city.find(ReliefOrder)
        beside: list[View]
        if to == "approved":
            made = deciding.decided(one, "approved", by, now)
            beside = [*deciding.taken_out(one, by, now), *deciding.allotted(one, orders, by, now)]
        elif to == "withdrawn":
            made = deciding.decided(one, "withdrawn", by, now, reason)
            beside = [*deciding.put_back(one, by, now), *deciding.asked_again(one, orders, by, now)]
        else:
            made, beside = deciding.decided(one, "declined", by, now, reason), []
        await city.publish(made, *beside, by=by.who)


async def withdraw_order(city: City, order: str, reason: str, by: Officer) -> None:
    """Take back an order that is not needed any more."""
    city.demand_author()
    async with city.turn:
        await city.publish(deciding.stepped(await _order(city, order), "withdrawn", by, city.now(), reason), by=by.who)


async def _order(city: City, order: str) -> ReliefOrder:
    found = await city.get(ReliefOrder, order)
    if found is None:
        raise NotFound(f"There is no order {order[:100]}", order=order[:200])
    return found
