"""When does the buses service work? Gather, decide, publish. No rule and no threshold lives here."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from weakref import WeakKeyDictionary

from machinami.foundation.errors import Conflict, NotFound
from machinami.kit.city import City
from machinami.model.transit import day_begins, service_day
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.transit import (
    GtfsRoute,
    GtfsService,
    GtfsStop,
    OriginDestinationFlow,
    TransitFeed,
    TransitNotice,
    TransitPattern,
    Vehicle,
    key_of,
)
from machinami.services.buses.logic import notices, told
from machinami.services.buses.logic.arrivals import Model, Recent, model_of
from machinami.services.buses.logic.day import Day, day_of
from machinami.services.buses.logic.learning import is_due
from machinami.services.buses.logic.live import MOST, Index, Way, way_of
from machinami.services.buses.logic.network import Held, held_of, version_of
from machinami.services.buses.logic.past import HALF_MINUTE, SeenDelay, runs_from
from machinami.services.buses.model import (
    ArrivalEstimation,
    ArrivalScore,
    ProposalState,
    Settings,
    TimetableProposal,
    TransitDelay,
    TransitKpi,
)

PACKAGE = "machinami.services.buses"
LEARN = f"{PACKAGE}.logic.learning:learned"
PROPOSE = f"{PACKAGE}.logic.learning:proposed"
LEARN_EVERY = timedelta(seconds=5)  # only a look whether it is due
RECENT = timedelta(hours=2)
PUNCTUAL = timedelta(days=7)
TELL_EVERY = timedelta(minutes=10)
TICK = timedelta(microseconds=1)  # the end of a span is not in it
MODEL = "arrivals"
TABLES = (TransitFeed, GtfsStop, GtfsRoute, GtfsService, TransitPattern)
SCORE_ID = "urn:ngsi-ld:ArrivalScore:town"
_HELD: "WeakKeyDictionary[City, tuple[Held, Index]]" = WeakKeyDictionary()
_DAYS: "WeakKeyDictionary[City, tuple[str, dict[date, Day]]]" = WeakKeyDictionary()


async def timetable(city: City) -> tuple[Held, Index] | None:
    """The town's timetable; None where it has none, or where who looks may not see all of it."""
    if not all(city.shows(view) for view in TABLES):
        return None
    feeds = await city.find(TransitFeed)
    kept = _HELD.get(city)
    if kept is not None and kept[0].version == version_of(feeds):
        return kept
    held, faults = held_of(
        feeds,
        await city.find(GtfsStop),
        await city.find(GtfsRoute),
        await city.find(GtfsService),
        await city.find(TransitPattern),
    )
    for fault in faults:
        city.log.warning("left out of the timetable: %s", fault)
    if held is None:
        return None
    _HELD[city] = held, Index(held.network)
    return _HELD[city]


def day_table(city: City, held: Held, today: date) -> Day:
    """What runs on a day of the calendar, as the planner needs it; made once."""
    version, days = _DAYS.get(city, ("", {}))
    if version != held.version:
        days = {}
    shown = held.day_for(today)
    if shown not in days:
        days = {**dict(list(days.items())[-1:]), shown: day_of(held.network, shown)}
    _DAYS[city] = held.version, days
    return days[shown]


async def refresh(city: City, now: datetime) -> None:
    """See how far each vehicle has come, keep its delays, say when it will be where; now and then, how punctual all
    were."""
    found = await timetable(city)
    if found is None:
        return
    held, index = found
    settings = await city.settings(Settings)
    await follow(city, held, index, settings, now)
    last = max((one.told_at for one in await city.find(TransitKpi) if one.told_at), default=None)
    if last is None or now - last >= TELL_EVERY:
        await judge(city, held, settings, now)


async def follow(city: City, held: Held, index: Index, settings: Settings, now: datetime) -> None:
    """Say how late each vehicle is, and when it will be at its stops to come."""
    said = {one.id: one for one in await city.find(ArrivalEstimation)}
    seen: list[tuple[Vehicle, Way]] = []
    for vehicle in await city.find(Vehicle):
        if told.is_newer(vehicle, said.get(told.estimation_id(vehicle.id))):
            way = way_of(index, vehicle, held.network.zone)
            seen += [(vehicle, way)] if way is not None else []
    places = {one.id: one for one in await city.find(TransitDelay)} if seen else {}
    for vehicle, way in seen:
        is_new = told.is_news(way, said.get(told.estimation_id(vehicle.id)))
        await city.publish(*told.delays_of(held, way, places, is_new, vehicle.simulated))
    silent = timedelta(minutes=settings.silent_minutes)
    fresh = [(vehicle, way) for vehicle, way in seen if now - way.at <= silent]
    if fresh:
        model, recent, passed = await known(city, held, now)
        rows = [
            told.estimation_of(held, way, _behind(held, way, passed), model, recent, vehicle.simulated)
            for vehicle, way in fresh
        ]
        await city.publish(*rows, whole=True)
    renewed = {told.estimation_id(vehicle.id) for vehicle, _ in fresh}
    for name in told.gone([one for one in said.values() if one.id not in renewed], now, silent):
        await city.remove(ArrivalEstimation, name)


def _behind(held: Held, way: Way, seen: Sequence[SeenDelay]) -> dict[int, float]:
    """The delays of a vehicle at the places behind it: as it says itself, else as was seen of its trip."""
    profile = held.network.patterns[way.pattern].profiles[way.trip.profile]
    found = {}
    for one in seen:
        if one.pattern == way.pattern and one.place < way.place:
            due = way.left(profile, one.place, one.delay)
            if abs((one.at - due).total_seconds()) <= HALF_MINUTE:
                found[one.place] = one.delay
    return found | dict(way.behind)


async def known(city: City, held: Held, now: datetime) -> tuple[Model | None, Recent | None, list[SeenDelay]]:
    """The model, if one is in use, and what vehicles found on the way lately."""
    scores = [one for one in await city.find(ArrivalScore) if one.in_use]
    kept = await city.artefact(MODEL) if scores else None
    passed = await seen_delays(city, held, now - RECENT, now)
    if kept is None:
        return None, None, passed
    model = model_of(kept)
    return model, Recent(model, runs_from(held, passed)), passed


async def seen_delays(city: City, held: Held, since: datetime, until: datetime) -> list[SeenDelay]:
    """The delays that were seen at the stops within a span of time, in order."""
    numbers = {pattern.id: number for number, pattern in enumerate(held.network.patterns)}
    found = []
    places = {one.id: one for one in await city.find(TransitDelay)}
    for name, past in (await city.history(TransitDelay, "delay", since, until + TICK)).items():
        place = places.get(name)
        if place is None or place.ref_pattern is None or place.place is None:
            continue
        number = numbers.get(key_of(place.ref_pattern))
        if number is None or not 0 <= place.place < len(held.network.patterns[number].stops):
            continue
        for one in past:
            if one.measured.value is not None and abs(one.measured.value) <= MOST:
                found.append(SeenDelay(number, place.place, one.measured.observed_at, one.measured.value))
    return sorted(found, key=lambda one: one.at)


async def judge(city: City, held: Held, settings: Settings, now: datetime) -> None:
    """Say how punctual each route was in the last week."""
    seen = await seen_delays(city, held, now - PUNCTUAL, now)
    routes, whole = told.punctuality(held, seen, settings, now, _offset(held, now))
    await city.publish(*routes, whole=True)
    await city.publish(whole)


def _offset(held: Held, now: datetime) -> int:
    offset = day_begins(now.date(), held.network.zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


async def learn(city: City, now: datetime) -> None:
    """Learn how delays grow, once a day; work out the timetable that an officer asked for."""
    found = await timetable(city)
    if found is None:
        return
    held, settings = found[0], await city.settings(Settings)
    await _propose(city, held, settings, now)
    last = next((one.trained_at for one in await city.find(ArrivalScore) if one.trained_at), None)
    if not is_due(last, now):
        return
    seen = await seen_delays(city, held, now - timedelta(days=settings.history_days), now)
    result = await city.compute_at(LEARN, held, seen, _offset(held, now))
    if result is None:
        return
    document, score = result
    gain = 1.0 - score.error / score.naive if score.naive else 0.0
    in_use = gain >= settings.improvement_needed
    if in_use:
        await city.keep_artefact(MODEL, document)
    simulated = held.simulated or None
    await city.publish(
        ArrivalScore(SCORE_ID, score.error, score.naive, score.covered, score.tried, in_use, now, simulated)
    )


async def _propose(city: City, held: Held, settings: Settings, now: datetime) -> None:
    asked = [one for one in await city.find(TimetableProposal) if one.state == "asked"]
    for one in asked:
        flows = [
            (flow.origin_location, flow.destination_location, flow.hour, flow.flow_count)
            for flow in await city.find(OriginDestinationFlow)
            if flow.origin_location and flow.destination_location and flow.hour is not None and flow.flow_count
        ]
        today, _ = service_day(now, held.network.zone)
        made = await city.compute_at(PROPOSE, held, held.day_for(today), flows, settings.shift_minutes)
        state: ProposalState = "proposed" if made["moves"] else "impossible"
        steps = [*(one.transitions or []), notices.step(Officer("machinami", "buses"), now, state, "")]
        await city.publish(
            TimetableProposal(
                one.id, state, made["day"], made["people"], made["counted"], made["vehicles"], made["gains"],
                made["moves"], steps, held.simulated or None,
            )
        )  # fmt: skip
        await city.publish(TransitKpi(told.KPI_ID, waiting=made["waiting"], told_at=now - TELL_EVERY))


async def ask(city: City, reason: str, by: Officer) -> None:
    """Have a timetable worked out with which people would wait less. Raises Conflict while one is being made."""
    async with city.turn:
        if any(one.state == "asked" for one in await city.find(TimetableProposal)):
            raise Conflict("A timetable is being worked out; wait until it is there")
        now = city.now()
        one = TimetableProposal(city.new_id(TimetableProposal.TYPE), "asked")
        steps = [notices.step(by, now, "asked", reason)]
        await city.publish(TimetableProposal(one.id, "asked", transitions=steps), by=by.who)


NEXT: dict[ProposalState, tuple[ProposalState, ...]] = {
    "approved": ("proposed",),
    "declined": ("proposed", "impossible"),
    "withdrawn": ("approved", "declined"),
}


async def decide(city: City, name: str, state: ProposalState, reason: str, by: Officer) -> None:
    """Approve, decline, or take back a decision on a proposal. Raises NotFound, Conflict."""
    async with city.turn:
        one = await city.get(TimetableProposal, name)
        if one is None:
            raise NotFound(f"There is no proposal {name!r}")
        if one.state not in NEXT.get(state, ()):
            raise Conflict(f"A proposal that is {one.state} cannot be {state}")
        steps = [*(one.transitions or []), notices.step(by, city.now(), state, reason)]
        kept: ProposalState = "proposed" if state == "withdrawn" else state
        await city.publish(TimetableProposal(one.id, kept, transitions=steps), by=by.who)


async def write_notice(city: City, draft: notices.Draft, by: Officer) -> None:
    """Tell riders something. Raises BadRequestData where a field does not do."""
    async with city.turn:
        name = city.new_id(TransitNotice.TYPE)
        await city.publish(notices.written(name, draft, by, city.now(), city.zone), by=by.who)


async def end_notice(city: City, name: str, reason: str, by: Officer) -> None:
    """Take a notice away. Raises NotFound, Conflict."""
    async with city.turn:
        one = await city.get(TransitNotice, name)
        if one is None:
            raise NotFound(f"There is no notice {name!r}")
        await city.publish(notices.ended(one, by, city.now(), reason), by=by.who)
