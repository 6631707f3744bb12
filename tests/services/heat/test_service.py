"""The heat service over a real store: what stations say becomes heat, and what is to come; its page tells both."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.services.visiting import START, Visit, visited

from machinami.kit.city import Intake
from machinami.kit.installed import read_manifest
from machinami.model.reading import Reading
from machinami.model.vocabulary.weather import WbgtObserved
from machinami.services.heat import service
from machinami.services.heat.model import WbgtForecast
from machinami.services.heat.page import ADDRESS, routes

STATION = "urn:ngsi-ld:WeatherObserved:roof"
HOT = {"temperature": (34.0, "CEL"), "relativeHumidity": (0.6, "C62"), "windSpeed": (1.0, "MTS")}


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.heat", tmp_path, routes, ADDRESS) as found:
        yield found


async def measure(visit: Visit, at: datetime, sun: float | None = 800.0, warmer: float = 0.0) -> None:
    """Let the station on the roof say how it is."""
    told = {
        **HOT,
        "temperature": (34.0 + warmer, "CEL"),
        **({"solarRadiation": (sun, "D54")} if sun is not None else {}),
    }
    facts = [Reading(STATION, "WeatherObserved", name, value, at, unit) for name, (value, unit) in told.items()]
    place = Reading(
        STATION, "WeatherObserved", "location", {"type": "Point", "coordinates": [138.2, 35.0]}, at, None, "GeoProperty"
    )
    name = Reading(STATION, "WeatherObserved", "name", {"ja": "屋上", "en": "Roof"}, at, None, "LanguageProperty")
    await Intake(visit.town, read_manifest("machinami.ingest.town", "ingest")).deliver([*facts, place, name])


async def test_an_empty_town_is_told_what_to_connect(visit: Visit) -> None:
    assert "気象の観測所がまだありません" in await visit.see()
    assert await visit.city.find(WbgtObserved) == []


async def test_hot_weather_becomes_danger_and_advice(visit: Visit) -> None:
    await measure(visit, START)
    await service.refresh(visit.city, START)
    (found,) = await visit.city.find(WbgtObserved)
    assert found.wbgt is not None
    assert (found.wbgt.value or 0) > 31
    assert found.ref_station == STATION
    page = await visit.see()
    assert "屋上" in page
    assert "危険" in page
    assert "涼しい部屋に移ってください" in page


async def test_a_station_without_sunshine_is_named_to_the_officer(visit: Visit) -> None:
    await measure(visit, START, sun=None)
    await service.refresh(visit.city, START)
    assert await visit.city.find(WbgtObserved) == []
    assert "屋上：日射量" in await visit.see("?view=officer")


async def test_two_days_are_forecast_as_yesterday_for_the_officer_alone(visit: Visit) -> None:
    for hour in range(48, -1, -1):
        await measure(visit, START - timedelta(hours=hour), warmer=-(hour % 24) / 10)
    await service.refresh(visit.city, START)  # what was measured before the service ran is not lost
    (said,) = await visit.city.find(WbgtForecast)
    assert said.issued_at == START
    assert [row["hours"] for row in said.horizons or []] == [3, 6, 12, 24]
    assert "前日の同じ時刻" in await visit.see("?view=officer")
    assert "前日の同じ時刻" not in await visit.see()


async def test_old_heat_is_not_told_as_if_it_were_now(visit: Visit) -> None:
    await measure(visit, START)
    await service.refresh(visit.city, START)
    visit.now = START + timedelta(hours=5)
    page = await visit.see()
    assert "いまの暑さは分かりません" in page
    assert "涼しい部屋" not in page
