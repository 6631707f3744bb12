"""Where in town is it? A small drawing of places without a map behind it, in a few lines that need no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, floor, log10, radians
from typing import Literal

_METRES = 111_320.0  # of a degree of latitude
_MARGIN = 14.0
_LEAST = 0.002  # degrees: one place alone fills no drawing
_STEPS = (5, 2, 1)

Sort = Literal["refuge", "gauge"]


@dataclass(frozen=True, slots=True)
class Spot:
    """What is to be drawn: the text that stands at it is the one that stands in its list."""

    sort: Sort
    text: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A spot in the drawing, in its units from the upper left."""

    sort: Sort
    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """The drawing: north is up; the bar is so many metres long."""

    width: float
    height: float
    marks: Sequence[Mark]
    bar: float
    metres: int


def sketch(spots: Sequence[Spot], width: float = 340.0, height: float = 240.0) -> Sketch | None:
    """The drawing of all spots at one scale; None where there is none."""
    if not spots:
        return None
    lons, lats = [one.lon for one in spots], [one.lat for one in spots]
    middle = radians((min(lats) + max(lats)) / 2)
    wide = max((max(lons) - min(lons)) * cos(middle), _LEAST)
    high = max(max(lats) - min(lats), _LEAST)
    scale = min((width - 2 * _MARGIN) / wide, (height - 2 * _MARGIN) / high)
    west, north = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
    marks = [
        Mark(
            one.sort,
            one.text,
            round(width / 2 + (one.lon - west) * cos(middle) * scale, 1),
            round(height / 2 - (one.lat - north) * scale, 1),
        )
        for one in spots
    ]
    metres = _round(width / 3 / scale * _METRES)
    return Sketch(width, height, marks, round(metres / _METRES * scale, 1), metres)


def _round(metres: float) -> int:
    """The largest of 1, 2, 5, 10, … metres that is not longer."""
    power = 10 ** floor(log10(max(metres, 1.0)))
    return next(int(step * power) for step in _STEPS if step * power <= max(metres, 1.0))
