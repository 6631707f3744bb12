"""What does the heat service of a town know, as its page sees it?"""

from dataclasses import asdict, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from machinami.kit.approving import LOG_LENGTH, decision_row
from machinami.kit.city import City
from machinami.kit.happening import Happening, Source, Spot, seen
from machinami.kit.settings import sheets_of
from machinami.kit.signing import Audience
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert, alerts_of, in_force
from machinami.model.vocabulary.cooling import CoolingShelter, Walkway
from machinami.model.vocabulary.decisions import WarningDecision, WarningProposal
from machinami.model.vocabulary.places import Shelter
from machinami.model.vocabulary.weather import WbgtObserved, WeatherObserved
from machinami.services.heat.book import telling
from machinami.services.heat.book.state import Cool, HeatView, Plan
from machinami.services.heat.logic.cooling import is_standing, open_first
from machinami.services.heat.logic.groups import bounds_of
from machinami.services.heat.logic.now import lacking
from machinami.services.heat.logic.shading import FIRST_HOUR, LAST_HOUR
from machinami.services.heat.logic.siting import PLAN_ID
from machinami.services.heat.model import (
    SERVICE,
    CoolingPlan,
    HeatRisk,
    Settings,
    WayShade,
    WbgtForecast,
)
from machinami.services.heat.service import EVERY, OWN

HOTTEST = 14
"""The hour of the day that is shown unless another is asked for."""
TOLD = (WbgtObserved, Alert, CoolingShelter, WarningProposal, WarningDecision, Walkway, WayShade)


async def happening(city: City, words: Words) -> Happening:
    """What residents are told of the heat, what waits for an officer, and when each place was told last."""
    now = city.now()
    alerts = in_force(alerts_of(await seen(city, Alert), SERVICE), now)
    waiting = OWN.own(await seen(city, WarningProposal))
    return Happening(
        notices=[telling.notice(one, words) for one in alerts if one.date_issued or one.valid_from],
        sources=[_source(place, words) for place in await seen(city, WbgtObserved)],
        waiting=sum(one.state == "proposed" for one in waiting),
        cool=await spots(city, words, now),
        closed=frozenset() if city.shows(Alert) else frozenset({Alert.TYPE}),
    )


async def spots(city: City, words: Words, now: datetime) -> list[Spot]:
    """The cooling shelters for the map, with whether they are open."""
    at = now.astimezone(ZoneInfo(city.zone))
    teller = telling.Teller(words, now, city.zone)
    return [
        Spot(one.id, words.of(one.name, one.id), one.location.lon, one.location.lat, teller.door(door), telling.ADDRESS)
        for one, door in open_first(await seen(city, CoolingShelter), at)
        if one.location is not None
    ]


def _source(place: WbgtObserved, words: Words) -> Source:
    last = place.wbgt.observed_at if place.wbgt else None
    return Source(place.id, words.of(place.name, place.id), last, EVERY, telling.ADDRESS)


async def view(city: City, audience: Audience, words: Words, hour: str = "") -> HeatView:
    """Gather what the page shows."""
    settings, now = await city.settings(Settings), city.now()
    said = {str(one.ref_observed): one for one in await city.find(WbgtForecast)}
    risks = {str(one.ref_observed): one for one in await city.find(HeatRisk)}
    places = await city.find(WbgtObserved)
    rows = [telling.place(one, said.get(one.id), risks.get(one.id), settings, now, words) for one in places]
    stations = [(station, lacking(station)) for station in await city.find(WeatherObserved)]
    alerts = in_force(alerts_of(await city.find(Alert), SERVICE), now)
    found = HeatView(
        audience,
        sorted(rows, key=lambda row: (-(row.wbgt or 0.0) if row.level is not None else 99.0, row.name)),
        [(words.of(station.name, station.id), names) for station, names in stations if names],
        audience == "officer" or settings.public_forecast,
        frozenset(one.TYPE for one in TOLD if not city.shows(one)),
        notices=[telling.notice(one, words) for one in alerts if one.date_issued or one.valid_from],
        cool=await cool_places(city, words, now, audience),
        bounds=bounds_of(settings),
        may=city.is_author(),
    )
    return await _offices(city, await _ways(city, found, words, now, hour), settings, words, now)


async def _ways(city: City, found: HeatView, words: Words, now: datetime, hour: str) -> HeatView:
    day = now.astimezone(ZoneInfo(city.zone)).date().isoformat()
    asked = int(hour) if hour.isascii() and hour.isdigit() and FIRST_HOUR <= int(hour[:3]) <= LAST_HOUR else HOTTEST
    known = await city.find(Walkway)
    return replace(found, ways=telling.ways(await city.find(WayShade), known, asked, day, words), hour=asked)


async def _offices(city: City, found: HeatView, settings: Settings, words: Words, now: datetime) -> HeatView:
    """What officers and successors see beside: proposals, the log, the plan, the settings."""
    if found.audience == "resident":
        return found
    teller = telling.Teller(words, now, city.zone)
    names = {place.id: place.name for place in found.places}
    waiting = [one for one in OWN.own(await city.find(WarningProposal)) if one.state == "proposed"]
    return replace(
        found,
        proposals=[telling.proposal(one, names, teller) for one in sorted(waiting, key=lambda one: -(one.grade or 0))],
        decisions=[decision_row(one, words) for one in OWN.log(await city.find(WarningDecision))[:LOG_LENGTH]],
        plan=await _plan(city, words),
        settings=await sheets_of(city, asdict(settings), words),
    )


async def cool_places(city: City, words: Words, now: datetime, audience: Audience) -> list[Cool]:
    """The cooling shelters, those that are open first; officers see those that are none (any more) as well."""
    at = now.astimezone(ZoneInfo(city.zone))
    shelters = await city.find(CoolingShelter)
    teller = telling.Teller(words, now, city.zone)
    doors = open_first(shelters, at)
    found = [telling.cool(one, door, True, teller) for one, door in doors]
    if audience != "resident":
        rest = [one for one in shelters if not is_standing(one, at.date())]
        found += [telling.cool(one, telling.SHUT, False, teller) for one in rest]
    return found


async def _plan(city: City, words: Words) -> Plan | None:
    plan = await city.get(CoolingPlan, PLAN_ID)
    if plan is None:
        return None
    return telling.plan(plan, {one.id: words.of(one.name, one.id) for one in await city.find(Shelter)})
