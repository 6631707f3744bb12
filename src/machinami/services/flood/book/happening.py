"""What may the home page and the map say of the rivers?"""

from datetime import timedelta

from machinami.kit.city import City
from machinami.kit.happening import Happening, Reading, Source
from machinami.kit.units import symbol
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import in_force
from machinami.model.vocabulary.water import RainGauge, RiverGauge
from machinami.services.flood import service
from machinami.services.flood.book.telling import ADDRESS, Teller, lines, notice, state_of, unit_of
from machinami.services.flood.logic.situation import thresholds_of

EVERY = timedelta(minutes=10)


async def happening(city: City, words: Words) -> Happening:
    """What residents are told and what the gauges show; nothing that is only proposed or forecast."""
    now = city.now()
    standing = await service.standing(city, now)
    teller = Teller(words, now)
    rain_gauges = await city.find(RainGauge)
    readings = [_reading(g, standing, teller) for g in standing.known.gauges]
    readings += [_rain_reading(g, standing, words) for g in rain_gauges]
    sources = [
        Source(one.id, one.name, one.observed_at, EVERY, one.link if one.kind == "rain" else f"/data/{one.id}")
        for one in readings
    ]
    waiting = sum(1 for p in standing.known.proposals if p.state == "proposed")
    return Happening(
        [notice(a, words) for a in in_force(standing.known.alerts, now)], readings, sources, waiting, standing.closed
    )


def _reading(gauge: RiverGauge, standing: service.Standing, teller: Teller) -> Reading:
    level, reason = state_of(gauge, standing, teller)
    observed = [(one.at, one.value) for one in standing.known.levels.get(gauge.id, ())]
    last = gauge.water_level
    return Reading(
        gauge.id,
        teller.words.of(gauge.name, gauge.id),
        teller.words.of(gauge.river),
        last.value if last else None,
        unit_of(gauge),
        last.observed_at if last else None,
        level,
        observed,
        lines(thresholds_of(gauge), teller.words),
        f"{ADDRESS}#{gauge.id.rpartition(':')[2]}",
        reason=reason,
        lon=gauge.location.lon if gauge.location else None,
        lat=gauge.location.lat if gauge.location else None,
    )


def _rain_reading(gauge: RainGauge, standing: service.Standing, words: Words) -> Reading:
    last = gauge.precipitation
    return Reading(
        gauge.id,
        words.of(gauge.name, gauge.id),
        "",
        last.value if last else None,
        symbol(last.unit if last else None),
        last.observed_at if last else None,
        0 if last else None,
        [(one.at, one.value) for one in standing.rain.get(gauge.id, ())],
        (),
        f"/data/{gauge.id}",
        kind="rain",
        lon=gauge.location.lon if gauge.location else None,
        lat=gauge.location.lat if gauge.location else None,
        digits=1,
    )
