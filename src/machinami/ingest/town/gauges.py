"""Which gauges does the simulated town have, where do they stand, and how do they fail?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from machinami.ingest.town.noise import Floats
from machinami.ingest.town.runoff import Hillslope, Reach, Section
from machinami.ingest.town.terrain import CELL, Land, River

Name = dict[str, str]


@dataclass(frozen=True, slots=True)
class Site:
    """A row of the table of river gauges. ``fall`` is the bed slope; ``unit`` the design discharge in m3/s
    per km2."""

    key: str
    ja: str
    en: str
    river: str
    northing: float
    fall: float
    unit: float
    zero: float
    upstream: tuple[int, ...] = ()


SITES = (
    Site("kamihayase", "上早瀬", "Kami-Hayase", "main", 3300.0, 0.0085, 6.0, 0.10),
    Site("kiritachi", "霧立橋", "Kiritachi Bridge", "west", 2650.0, 0.0100, 6.2, 0.05),
    Site("ogura", "小椋", "Ogura", "east", 950.0, 0.0090, 6.2, 0.10),
    Site(
        "machinami-ohashi",
        "街並大橋",
        "Machinami Great Bridge",
        "main",
        -1150.0,
        0.0040,
        5.2,
        0.20,
        (0, 1, 2),
    ),
    Site("minami-seki", "南堰", "Minami Weir", "main", -3750.0, 0.0030, 5.1, 0.20, (3,)),
)

RAIN_SITES: tuple[tuple[str, str, str, float, float], ...] = (
    ("okuyama", "奥山", "Okuyama", -300.0, 6100.0),
    ("kiritachi-toge", "霧立峠", "Kiritachi Pass", -3700.0, 4300.0),
    ("ogura-kita", "小椋北", "Ogura North", 3600.0, 2800.0),
    ("naka-hayase", "中早瀬", "Naka-Hayase", -900.0, 2500.0),
    ("yakuba", "町役場", "Town Hall", -450.0, -950.0),
    ("minami-machi", "南町", "Minami-machi", 700.0, -3300.0),
)

RIVER_NAMES: dict[str, Name] = {
    "main": {"ja": "早瀬川", "en": "Hayase River"},
    "west": {"ja": "霧立川", "en": "Kiritachi River"},
    "east": {"ja": "小椋川", "en": "Ogura River"},
}


@dataclass(frozen=True, slots=True)
class Gauge:
    """A river gauge: its place in local metres, and its levels in metres above its own zero."""

    key: str
    name: Name
    river: Name
    place: tuple[float, float]
    drains: float
    attention: float
    judgement: float
    danger: float
    bank: float


@dataclass(frozen=True, slots=True)
class RainGauge:
    """A rain gauge: its name and its place in local metres."""

    key: str
    name: Name
    place: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a gauge from one hour to another (hours from the anchor).

    ``kind`` is ``silent`` (no reading), ``stuck`` (repeats its last value) or ``shifted`` (datum moved by
    ``by`` m).
    """

    gauge: int
    kind: str
    start: float
    end: float
    by: float = 0.0


# In the coming storm one gauge falls silent near the crest; the others erred in the past, where a model
# learns.
FAULTS = (
    Fault(2, "silent", 3.2, 6.4),
    Fault(2, "silent", -341.0, -327.0),
    Fault(1, "stuck", -812.0, -790.0),
    Fault(1, "stuck", -57.0, -43.0),
    Fault(4, "shifted", -520.0, -466.0, 0.38),
    Fault(4, "shifted", 26.0, 60.0, -0.30),
)


def _station(river: River, northing: float) -> int:
    return int(np.argmin(np.abs(river.path[:, 1] - northing)))


def _owners(land: Land, places: list[tuple[River, int]]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Say of every grid point to which gauge its water runs first: that of the nearest stretch of river."""
    x, y = np.meshgrid(land.xs, land.ys)
    best, owner = np.full(x.shape, np.inf), np.zeros(x.shape, dtype=np.int64)
    stretches: list[tuple[int, Floats]] = []
    for number, (river, end) in enumerate(places):
        earlier = [stop for other, stop in places[:number] if other is river]
        whole = river.key != "main"
        stretches.append((number, river.path[max(earlier, default=0) : len(river.path) if whole else end + 1]))
    for number, path in stretches:
        for px, py in path[::3]:
            away = np.hypot(x - px, y - py)
            owner = np.where(away < best, number, owner)
            best = np.minimum(best, away)
    return owner


def _section(site: Site, drains: float) -> Section:
    """Return a section whose banks just hold the design discharge of the land above it."""
    width = round(3.4 * drains**0.5, 1)
    for bank in np.arange(1.5, 9.0, 0.05):
        section = Section(width, 1.5, round(float(bank), 2), site.fall, 0.036, site.zero)
        if float(section.discharge(np.array(bank))) >= site.unit * drains:
            break
    return section


def basin(land: Land) -> tuple[tuple[Gauge, ...], tuple[Reach, ...], list[Floats]]:
    """Return the gauges, the reaches that end at them, and sample points (km) of the land of each reach."""
    by_key = {river.key: river for river in land.rivers}
    places = [(by_key[site.river], _station(by_key[site.river], site.northing)) for site in SITES]
    owner = _owners(land, places)
    x, y = np.meshgrid(land.xs, land.ys)
    gauges, reaches, samples, drained = [], [], [], list[float]()
    for number, (site, (river, station)) in enumerate(zip(SITES, places, strict=True)):
        own = float((owner == number).sum()) * CELL**2 / 1e6
        drained.append(own + sum(drained[above] for above in site.upstream))
        section = _section(site, drained[-1])
        first = max((stop for other, stop in places[:number] if other is river), default=0)
        run = np.hypot(*np.diff(river.path[first : station + 1], axis=0).T).sum()
        reaches.append(Reach(Hillslope(own), float(run), section.width, site.fall, section, site.upstream))
        mine = np.flatnonzero((owner == number).ravel())
        chosen = mine[:: max(1, len(mine) // 7)][:8]
        samples.append(np.stack([x.ravel()[chosen], y.ravel()[chosen]], axis=1) / 1000.0)
        marks = [round(round(share * section.bank * 20) / 20 - site.zero, 2) for share in (0.45, 0.62, 0.76, 1.0)]
        place = (float(river.path[station, 0]), float(river.path[station, 1]))
        name = {"ja": f"{site.ja}水位観測所", "en": f"{site.en} river gauge"}
        gauges.append(Gauge(site.key, name, RIVER_NAMES[site.river], place, round(drained[-1], 1), *marks))
    return tuple(gauges), tuple(reaches), samples


def rain_gauges(land: Land) -> tuple[RainGauge, ...]:
    """Return the rain gauges of the town."""
    return tuple(
        RainGauge(
            key,
            {"ja": f"{ja}雨量観測所", "en": f"{en} rain gauge"},
            (float(land.axis.x(np.array(y))) * (abs(x) < 1000.0) + x, y),
        )
        for key, ja, en, x, y in RAIN_SITES
    )
