"""Where in town is what, and in which state? The same as a map and as a list."""

from collections.abc import Sequence
from dataclasses import dataclass

from machinami.kit.charts import Spark, spark
from machinami.kit.happening import Happening, Reading, Spot
from machinami.kit.layers import Kind, Place, bounds, collection
from machinami.kit.page import figure

TEMPLATE = "machinami.portal/map.html"


@dataclass(frozen=True, slots=True)
class Shelter:
    """A place to go to."""

    id: str
    name: str
    lon: float
    lat: float
    capacity: int | None
    link: str


@dataclass(frozen=True, slots=True)
class GaugeRow:
    """A gauge in the list, with its small picture for the panel."""

    reading: Reading
    spark: Spark


@dataclass(frozen=True, slots=True)
class MapView:
    """All that the map page shows. closed: of which kinds who looks may not see everything."""

    gauges: Sequence[GaugeRow]
    rains: Sequence[GaugeRow]
    shelters: Sequence[Shelter]
    cool: Sequence[Spot]
    places: dict[str, object]
    bounds: tuple[float, float, float, float] | None
    closed: frozenset[str] = frozenset()


def view(happening: Happening, shelters: Sequence[Shelter], sees_shelters: bool = True) -> MapView:
    """The map page from what the services say and the town's shelters, which are all where who looks sees them."""
    rows = [GaugeRow(r, spark(r.series, r.lines, 240, 64)) for r in happening.readings]
    gauges = [row for row in rows if row.reading.kind == "level"]
    rains = [row for row in rows if row.reading.kind == "rain"]
    placed = [place for row in rows if (place := _place(row.reading))]
    refuge = [Place(s.id, "shelters", s.name, s.lon, s.lat) for s in shelters]
    refuge += [Place(s.id, "cool", s.name, s.lon, s.lat) for s in happening.cool]
    hidden = {"RiverGauge": "gauges", "RainGauge": "rains"}
    closed = frozenset(kind for name, kind in hidden.items() if name in happening.closed)
    closed |= frozenset() if sees_shelters else {"shelters"}
    drawn = [*placed, *refuge]
    return MapView(gauges, rains, shelters, happening.cool, collection(drawn), bounds(drawn), closed)


def _place(reading: Reading) -> Place | None:
    if reading.lon is None or reading.lat is None:
        return None
    value = str(figure(reading.value, reading.unit, reading.digits)) if reading.level is not None else ""
    kind: Kind = "gauges" if reading.kind == "level" else "rains"
    return Place(reading.id, kind, reading.name, reading.lon, reading.lat, reading.level, value)
