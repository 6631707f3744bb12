"""When does the heat service work? Gather, decide, publish. No rule and no threshold lives here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from machinami.foundation.errors import NotFound
from machinami.kit import approving
from machinami.kit.approving import Warner
from machinami.kit.city import City
from machinami.kit.settings import Change, keep
from machinami.kit.words import LANGUAGES
from machinami.kit.words import Words as Catalogue
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.alerts import Alert, Message, Texts, alerts_of
from machinami.model.vocabulary.buildings import Building
from machinami.model.vocabulary.cooling import CoolingShelter, Walkway
from machinami.model.vocabulary.decisions import WarningDecision, WarningProposal, demand_officer, demand_reason
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import District, Shelter
from machinami.model.vocabulary.weather import WbgtObserved, WeatherObserved
from machinami.services.heat.logic.cooling import Draft, designated, is_standing, undone, withdrawn
from machinami.services.heat.logic.groups import check_bounds
from machinami.services.heat.logic.now import observe, place_of
from machinami.services.heat.logic.outlook import is_due as is_new_hour
from machinami.services.heat.logic.past import ELEMENTS, Told, past_heat, told_by
from machinami.services.heat.logic.proposing import Known, issued, nearest_places, propose
from machinami.services.heat.logic.risk import Grades, judge
from machinami.services.heat.logic.shading import is_due, shade_of, streets_of, told
from machinami.services.heat.logic.siting import PLAN_ID, plan_sites, question_of
from machinami.services.heat.model import (
    GROUPS,
    SERVICE,
    CoolingPlan,
    HeatRisk,
    Settings,
    WayShade,
    WbgtForecast,
)

PACKAGE = "machinami.services.heat"
OWN = Warner(SERVICE, WarningProposal, WarningDecision)
OUTLOOK = f"{PACKAGE}.logic.outlook:outlook"
LEARN_FROM = timedelta(days=200)  # a summer and what leads to it
TICK = timedelta(microseconds=1)  # the end of a span is not in it
MOST_NAMED = 5
EVERY = timedelta(minutes=60)
"""How often a place is told at least."""


async def refresh(city: City, now: datetime) -> None:
    """Work out the heat at every station and, once for each hour, what is to come; judge it; look after the rest."""
    found = observe(await city.find(WeatherObserved), await city.find(WbgtObserved))
    await city.publish(*found)
    await forecast(city, now)
    await decide(city, now)
    await site(city, now)
    await shade(city, now)


async def decide(city: City, now: datetime) -> None:
    """Judge the heat of every place for each group of people, and propose what residents should be told."""
    async with city.turn:
        settings = await city.settings(Settings)
        places = await city.find(WbgtObserved)
        known = await proposed(city, places)
        coming = {str(one.ref_observed): one for one in await city.find(WbgtForecast)}
        before = {str(one.ref_observed): one for one in await city.find(HeatRisk)}
        say = partial(texts_for, settings)
        changed: list[WarningProposal] = []
        states = []
        for place in places:
            judgement, state = judge(place, coming.get(place.id), before.get(place.id), settings, now)
            if state is not None and state != before.get(place.id):
                states.append(state)
            changed += propose(place, judgement, known, now, lambda: city.new_id("WarningProposal"), say)
        await city.publish(*states, *changed, whole=True)


async def proposed(city: City, places: Sequence[WbgtObserved]) -> Known:
    """What was proposed and told about the heat, and which districts each place speaks for."""
    proposals, alerts = OWN.own(await city.find(WarningProposal)), alerts_of(await city.find(Alert), SERVICE)
    return Known(proposals, alerts, nearest_places(await city.find(District), places))


async def site(city: City, now: datetime) -> None:
    """Work out where more cooling shelters would help most, where anything it follows from has changed."""
    settings = await city.settings(Settings)
    day = now.astimezone(ZoneInfo(city.zone)).date()
    standing = [one for one in await city.find(CoolingShelter) if is_standing(one, day)]
    asked = question_of(
        await city.find(District), standing, await city.find(Shelter), settings.more_shelters, settings.walk_metres
    )
    before = await city.get(CoolingPlan, PLAN_ID)
    if not asked.middles or (before is not None and before.digest == asked.digest):
        return
    plan = await city.compute(plan_sites, asked)
    await city.publish(replace(plan, issued_at=now), whole=True)


async def shade(city: City, now: datetime) -> None:
    """Work out, once a day, how much of each way lies in the shade of buildings."""
    ways = await city.find(Walkway)
    day = now.astimezone(ZoneInfo(city.zone)).date()
    if not ways or not is_due(ways, await city.find(WayShade), day):
        return
    streets = streets_of(ways, await city.find(Building))
    if streets is not None:
        await city.publish(*told(await city.compute(shade_of, streets, day, city.zone), ways, day), whole=True)


async def forecast(city: City, now: datetime) -> None:
    """Say what the heat will be where something was measured in a new hour."""
    places = {place.id: place for place in await city.find(WbgtObserved)}
    said = {str(one.ref_observed): one for one in await city.find(WbgtForecast)}
    newest = max((place.wbgt.observed_at for place in places.values() if place.wbgt), default=None)
    last = max((one.issued_at for one in said.values() if one.issued_at), default=None)
    if newest is None or not is_new_hour(last, newest):
        return
    series = await past(city, places, (now - LEARN_FROM, now + TICK))
    rows = await city.compute_at(OUTLOOK, series)
    hour = newest.replace(minute=0, second=0, microsecond=0)
    await city.publish(
        *(
            WbgtForecast(
                f"urn:ngsi-ld:{WbgtForecast.TYPE}:{place.rpartition(':')[2]}",
                Ref(place),
                hour,
                horizons,
                places[place].simulated,
            )
            for place, horizons in rows.items()
            if place in places
        ),
        whole=True,
    )


async def past(city: City, places: Mapping[str, WbgtObserved], span: tuple[datetime, datetime]) -> dict[str, Told]:
    """How hot it was: at a station by what it measured, also before this service ran; else as it was told."""
    stations = {place_of(station): station for station in await city.find(WeatherObserved)}
    measured = [place for place in places if place not in stations]
    said = await city.history(WbgtObserved, "wbgt", *span, measured) if measured else {}
    series = {place: told_by([one.measured for one in known]) for place, known in said.items()}
    elements: dict[str, dict[str, Told]] = {station.id: {} for station in stations.values()}
    for name in ELEMENTS:
        for station, known in (await city.history(WeatherObserved, name, *span)).items():
            if station in elements:  # else it is one that does not fit, and was left out
                elements[station][name] = told_by([one.measured for one in known])
    return series | {place: past_heat(one, elements[one.id]) for place, one in stations.items()}


def texts_for(settings: Settings, place: WbgtObserved, grades: Grades, districts: Sequence[District]) -> Texts:
    """What could be told about a place, in every language of the town. Figures are those that were measured: what is
    expected is told in figures only where the town shows forecasts to residents."""
    grade = max(grades)
    value = place.wbgt.value if place.wbgt else None
    warned = [group for group, own in zip(GROUPS, grades, strict=True) if own]

    def said(part: str) -> Words:
        return Words({language: _sentence(Catalogue(language, PACKAGE), part) for language in LANGUAGES})

    def _sentence(words: Catalogue, part: str) -> str:
        facts = {"area": _area(words, place, districts), "place": words.of(place.name, place.id)}
        if part == "area":
            return facts["area"]
        if part == "text" and grade:
            facts["groups"] = words.plain("heat.say.join").join(words.plain(f"heat.group.{one}") for one in warned)
            facts["now"] = "" if value is None else words.plain("heat.say.seen", value=f"{value:.1f}", **facts)
        text = words.plain(f"heat.say.{grade}.{part}", **facts)
        if part == "instruction" and grade:
            text += "".join(words.plain(f"heat.say.do.{one}") for one in warned if one != "general")
        return text

    return Texts(said("event"), said("headline"), said("text"), said("instruction"), said("area"))


def _area(words: Catalogue, place: WbgtObserved, districts: Sequence[District]) -> str:
    named = [words.of(one.name) for one in districts if one.name]
    if not named:
        return words.plain("heat.say.around", place=words.of(place.name, place.id))
    shown = words.plain("heat.say.join").join(named[:MOST_NAMED])
    return (
        shown if len(named) <= MOST_NAMED else words.plain("heat.say.more", named=shown, count=len(named) - MOST_NAMED)
    )


async def approve(city: City, proposal_id: str, message: Message, by: Officer) -> None:
    """Publish a proposal as the officer wrote it: as an alert, or, where it lifts one, as its end."""

    async def issue(proposal: WarningProposal, texts: Texts, standing: Sequence[Alert], now: datetime) -> Alert:
        settings, place = await city.settings(Settings), await city.get(WbgtObserved, str(proposal.ref_subject))
        if place is None:
            raise NotFound(f"There is no place {proposal.ref_subject}", place=str(proposal.ref_subject))
        around = nearest_places(await city.find(District), await city.find(WbgtObserved)).get(place.id, [])
        alert = issued(city.new_id(Alert.TYPE), proposal, texts, place, around, standing, by, settings, now)
        return replace(alert, audience=_audience(proposal))

    await approving.approve(city, OWN, proposal_id, message, by, issue)


async def designate(city: City, shelter_id: str, draft: Draft, by: Officer) -> None:
    """Make a place a cooling shelter, or (with its id) write one anew."""
    async with city.turn:
        before = await _shelter(city, shelter_id) if shelter_id else None
        new_id = shelter_id or city.new_id(CoolingShelter.TYPE)
        shelter = designated(new_id, draft, before, demand_officer(by), city.now())
        await city.publish(shelter, by=by.who, whole=True)


async def close(city: City, shelter_id: str, reason: str, by: Officer) -> None:
    """End a cooling shelter, with a reason."""
    async with city.turn:
        before = await _shelter(city, shelter_id)
        ended = withdrawn(before, demand_reason(reason), demand_officer(by), city.now())
        await city.publish(ended, by=by.who, whole=True)


async def undo_shelter(city: City, shelter_id: str, by: Officer) -> None:
    """Bring back a cooling shelter as it stood before its last change."""
    async with city.turn:
        back = undone(await _shelter(city, shelter_id), demand_officer(by), city.now())
        await city.publish(back, by=by.who, whole=True)


async def set_setting(city: City, change: Change) -> None:
    """Change a setting; bounds must rise."""
    settings = await city.settings(Settings)
    check_bounds(replace(settings, **{change.name: change.after}))  # type: ignore[arg-type]
    await keep(city, change)


def _audience(proposal: WarningProposal) -> Words:
    found: dict[str, str] = {}
    for language in LANGUAGES:
        words = Catalogue(language, PACKAGE)
        named = [words.plain(f"heat.group.{row['group']}") for row in proposal.groups or [] if row["group"] in GROUPS]
        found[language] = words.plain("heat.say.join").join(named)
    return Words(found)


async def _shelter(city: City, shelter_id: str) -> CoolingShelter:
    found = await city.get(CoolingShelter, shelter_id)
    if found is None:
        raise NotFound(f"There is no cooling shelter {shelter_id}", shelter=shelter_id)
    return found
