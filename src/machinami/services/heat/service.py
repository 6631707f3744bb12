"""When does the heat service work? Gather, decide, publish. No rule and no threshold lives here."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from machinami.kit.city import City
from machinami.model.view import Ref
from machinami.model.vocabulary.weather import WbgtObserved, WeatherObserved
from machinami.services.heat.logic.now import observe, place_of
from machinami.services.heat.logic.outlook import is_due
from machinami.services.heat.logic.past import ELEMENTS, Told, past_heat, told_by
from machinami.services.heat.model import WbgtForecast

PACKAGE = "machinami.services.heat"
OUTLOOK = f"{PACKAGE}.logic.outlook:outlook"
LEARN_FROM = timedelta(days=200)  # a summer and what leads to it
TICK = timedelta(microseconds=1)  # the end of a span is not in it


async def refresh(city: City, now: datetime) -> None:
    """Work out the heat at every station; then, once for each hour, what is to come."""
    found = observe(await city.find(WeatherObserved), await city.find(WbgtObserved))
    await city.publish(*found)
    await forecast(city, now)


async def forecast(city: City, now: datetime) -> None:
    """Say what the heat will be where something was measured in a new hour."""
    places = {place.id: place for place in await city.find(WbgtObserved)}
    said = {str(one.ref_observed): one for one in await city.find(WbgtForecast)}
    newest = max((place.wbgt.observed_at for place in places.values() if place.wbgt), default=None)
    issued = max((one.issued_at for one in said.values() if one.issued_at), default=None)
    if newest is None or not is_due(issued, newest):
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
                told,
                places[place].simulated,
            )
            for place, told in rows.items()
            if place in places
        ),
        whole=True,
    )


async def past(city: City, places: Mapping[str, WbgtObserved], span: tuple[datetime, datetime]) -> dict[str, Told]:
    """How hot it was: at a station by what it measured, also before this service ran; else as it was told."""
    stations = {place_of(station): station for station in await city.find(WeatherObserved)}
    measured = [place for place in places if place not in stations]
    told = await city.history(WbgtObserved, "wbgt", *span, measured) if measured else {}
    series = {place: told_by([one.measured for one in known]) for place, known in told.items()}
    elements: dict[str, dict[str, Told]] = {station.id: {} for station in stations.values()}
    for name in ELEMENTS:
        for station, known in (await city.history(WeatherObserved, name, *span)).items():
            if station in elements:  # else it is one that does not fit, and was left out
                elements[station][name] = told_by([one.measured for one in known])
    return series | {place: past_heat(one, elements[one.id]) for place, one in stations.items()}
