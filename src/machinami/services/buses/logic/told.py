"""What is said of vehicles and routes: estimates, delays at stops, and how punctual each route was?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.transit import TransitPattern, Vehicle, entity_id, feed_of, own_name
from machinami.services.buses.logic.arrivals import Model, Recent, RunPast, estimates
from machinami.services.buses.logic.live import Way, punctual
from machinami.services.buses.logic.network import Held
from machinami.services.buses.logic.past import SeenDelay
from machinami.services.buses.model import (
    ArrivalEstimation,
    HourRow,
    RoutePunctuality,
    Settings,
    TransitDelay,
    TransitKpi,
)

SECONDS = "SEC"
KPI_ID = "urn:ngsi-ld:TransitKpi:town"
TOO_FEW = 5


def urn(kind: str, key: str) -> str:
    """The id of an entity of the timetable from its key."""
    return entity_id(kind, feed_of(key), own_name(key))


def estimation_id(vehicle: str) -> str:
    """The id of the estimates of a vehicle."""
    return f"urn:ngsi-ld:{ArrivalEstimation.TYPE}:{vehicle.split(':', 3)[-1]}"


def delays_of(
    held: Held, way: Way, known: Mapping[str, TransitDelay], is_new: bool, simulated: bool | None
) -> list[TransitDelay]:
    """What a vehicle's passing says of the places that it left, as far as that is not known yet. is_new: whether it has
    got further than was said; what it says of places itself is known by the moment at which it left them."""
    pattern = held.network.patterns[way.pattern]
    profile = pattern.profiles[way.trip.profile]
    rows = [(place, delay, way.left(profile, place, delay)) for place, delay in way.behind]
    if not rows and is_new:
        rows = [(way.place, way.delay, way.at)]
    found = []
    for place, delay, at in rows:
        name = f"urn:ngsi-ld:{TransitDelay.TYPE}:{pattern.id}:{place}"
        last = known[name].delay if name in known else None
        if last is not None and last.observed_at >= at:
            continue
        found.append(
            TransitDelay(
                name,
                Ref(urn(TransitPattern.TYPE, pattern.id)),
                Ref(urn("GtfsRoute", pattern.route)),
                Ref(urn("GtfsStop", pattern.stops[place])),
                place,
                Measured(round(delay, 1), at, SECONDS),
                simulated,
            )
        )
    return found


def estimation_of(
    held: Held,
    way: Way,
    behind: Mapping[int, float],
    model: Model | None,
    recent: Recent | None,
    simulated: bool | None,
) -> ArrivalEstimation:
    """When a vehicle will be at each stop to come. behind: its delays at the places that it passed."""
    pattern = held.network.patterns[way.pattern]
    profile = pattern.profiles[way.trip.profile]
    depart = np.array(profile.depart, dtype=np.float64)
    delays = np.full(len(pattern.stops), np.nan)
    for place, delay in behind.items():
        if place < way.place:
            delays[place] = delay
    delays[way.place] = way.delay
    run = RunPast(pattern.stops, way.begins.timestamp() + way.trip.start + depart, delays)
    told = estimates(model, recent, run, way.place, way.at.timestamp())
    rows = [
        [float(way.place + 1 + number), *(round(one, 1) for one in estimate)] for number, estimate in enumerate(told)
    ]
    return ArrivalEstimation(
        estimation_id(way.vehicle),
        Ref(way.vehicle),
        Ref(urn(TransitPattern.TYPE, pattern.id)),
        way.trip.id,
        Ref(urn("GtfsRoute", pattern.route)),
        way.day.isoformat(),
        way.place,
        Measured(round(way.delay, 1), way.at, SECONDS),
        rows,
        "naive" if model is None else "learned",
        simulated,
    )


def is_news(way: Way, said: ArrivalEstimation | None) -> bool:
    """Whether a vehicle has got further than was said, or is on another trip."""
    return said is None or said.trip != way.trip.id or said.place is None or way.place > said.place


def is_newer(vehicle: Vehicle, said: ArrivalEstimation | None) -> bool:
    """Whether a vehicle has reported since its estimates were made."""
    if vehicle.reported_at is None:
        return False
    return said is None or said.delay is None or vehicle.reported_at > said.delay.observed_at


def gone(said: Sequence[ArrivalEstimation], now: datetime, silent: timedelta) -> list[str]:
    """The estimates of vehicles that have not been heard of for so long."""
    return [one.id for one in said if one.delay is None or now - one.delay.observed_at > silent]


def punctuality(
    held: Held, seen: Sequence[SeenDelay], settings: Settings, now: datetime, offset: int
) -> tuple[list[RoutePunctuality], TransitKpi]:
    """How punctual each route was by what was seen, and all of them together. offset: seconds of the zone."""
    routes: dict[str, list[SeenDelay]] = {}
    for one in seen:
        routes.setdefault(held.network.patterns[one.pattern].route, []).append(one)
    bounds = (settings.early_seconds, settings.late_seconds)
    told = []
    for route, rows in routes.items():
        hours: dict[int, list[float]] = {}
        for one in rows:
            hours.setdefault(int((one.at.timestamp() - one.delay + offset) // 3600) % 24, []).append(one.delay)
        table = [
            HourRow(hour=hour, count=len(late), median=float(np.median(late)), on_time=punctual(late, *bounds))
            for hour, late in sorted(hours.items())
        ]
        delays = [one.delay for one in rows]
        name = held.network.routes[route].name if route in held.network.routes else {"ja": route}
        told.append(
            RoutePunctuality(
                f"urn:ngsi-ld:{RoutePunctuality.TYPE}:{route}", Ref(urn("GtfsRoute", route)),
                Words(name or {"ja": route}),
                float(np.median(delays)), punctual(delays, *bounds), len(delays), [dict(row) for row in table], now,
                held.simulated or None,
            )
        )  # fmt: skip
    delays = [one.delay for one in seen]
    whole = TransitKpi(
        KPI_ID,
        float(np.median(delays)) if len(delays) >= TOO_FEW else None,
        punctual(delays, *bounds) if len(delays) >= TOO_FEW else None,
        None,
        now,
        held.simulated or None,
    )
    return told, whole
