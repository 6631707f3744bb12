"""How hot is it for the resident, what is coming for the officer, and how is it worked out for the successor?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame
from machinami.kit.happening import Happening, Source
from machinami.kit.http import Request, Response, Route
from machinami.kit.signing import Audience, choose_audience
from machinami.kit.words import Words
from machinami.model.vocabulary.weather import WbgtObserved, WeatherObserved
from machinami.services.heat.logic.now import is_silent, lacking, level_of
from machinami.services.heat.model import Level, Settings, WbgtForecast
from machinami.services.heat.service import PACKAGE

TEMPLATE = f"{PACKAGE}/page.html"
ADDRESS = "/services/heat"
EVERY = timedelta(minutes=60)
TEMPERATURE = "CEL"


@dataclass(frozen=True, slots=True)
class Coming:
    """What is said of one time to come; gain None: nothing was learned yet."""

    hours: int
    at: datetime
    wbgt: float
    level: Level
    low: float | None
    high: float | None
    gain: float | None
    used: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The heat of one place as the page shows it; level None: it is silent."""

    id: str
    name: str
    wbgt: float | None
    level: Level | None
    at: datetime | None
    method: str
    coming: Sequence[Coming]


@dataclass(frozen=True, slots=True)
class HeatView:
    """All that the page shows to one audience; `lacking` are stations whose heat cannot be worked out, and why not."""

    audience: Audience
    places: Sequence[Place]
    lacking: Sequence[tuple[str, tuple[str, ...]]]
    forecasts: bool
    closed: bool


async def happening(city: City, words: Words) -> Happening:
    """Say on the home page when the heat of each place was told last; the portal finds this by its name."""
    return Happening(sources=[_source(place, words) for place in await city.find(WbgtObserved)])


def _source(place: WbgtObserved, words: Words) -> Source:
    last = place.wbgt.observed_at if place.wbgt else None
    return Source(place.id, words.of(place.name, place.id), last, EVERY, ADDRESS)


def routes(city: City, desk: Desk) -> list[Route]:
    """The page; the town finds it by this name."""
    frame = Frame.around(desk)

    async def show(request: Request) -> Response:
        words = frame.words(request, PACKAGE)
        audience = choose_audience(request.arguments.get("view"))
        return frame.show(request, TEMPLATE, heat=await view(city, audience, words))

    return [frame.page("GET", ADDRESS, show, "Heat: how hot it is for people, and how hot it will be")]


async def view(city: City, audience: Audience, words: Words) -> HeatView:
    """Gather what the page shows."""
    settings, now = await city.settings(Settings), city.now()
    said = {str(one.ref_observed): one for one in await city.find(WbgtForecast)}
    told = await city.find(WbgtObserved)
    places = [_place(place, said.get(place.id), settings, now, words) for place in told]
    stations = [(station, lacking(station)) for station in await city.find(WeatherObserved)]
    return HeatView(
        audience,
        sorted(places, key=lambda place: (-(place.wbgt or 0.0) if place.level is not None else 99.0, place.name)),
        [(words.of(station.name, station.id), names) for station, names in stations if names],
        audience != "resident" or settings.public_forecast,
        not city.shows(WbgtObserved),
    )


def _place(one: WbgtObserved, said: WbgtForecast | None, settings: Settings, now: datetime, words: Words) -> Place:
    value = one.wbgt.value if one.wbgt else None
    level = None if value is None or is_silent(one, settings, now) else level_of(value)
    at = one.wbgt.observed_at if one.wbgt else None
    coming = _coming(said, now) if said and said.issued_at else []
    return Place(one.id, words.of(one.name, one.id), value, level, at, one.method or "measured", coming)


def _coming(said: WbgtForecast, now: datetime) -> list[Coming]:
    """The rows of a forecast that are still to come; a row that is none is left out."""
    rows = [_row(row, said.issued_at) for row in said.horizons or [] if said.issued_at]
    return [row for row in rows if row and row.at > now]


def _row(row: dict[str, Any], issued: datetime) -> Coming | None:
    hours, wbgt = row.get("hours"), row.get("wbgt")
    if not isinstance(hours, int) or not isinstance(wbgt, int | float):
        return None
    low, high, gain = (
        float(value) if isinstance(value, int | float) else None for value in map(row.get, ("low", "high", "gain"))
    )
    at = issued + timedelta(hours=hours)
    return Coming(hours, at, float(wbgt), level_of(float(wbgt)), low, high, gain, bool(row.get("used")))
