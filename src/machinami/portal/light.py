"""What must everybody know in a disaster, in a page that a weak line carries and that needs no script?

Most important first: what the town has told, which shelters are open, how high the waters stand, whom to call; and how
old each of it is.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup

from machinami.kit.happening import Happening, Notice, Reading
from machinami.kit.page import CONTENT_SECURITY_POLICY
from machinami.kit.words import Words
from machinami.model.vocabulary.places import Shelter
from machinami.portal.sketch import Sketch, Spot, sketch

TEMPLATE = "machinami.portal/light.html"
REFRESH = 60  # seconds
AGE = Markup("<!--age-->")
"""Where who serves a copy of the page says how old it is."""
_NOTICES, _REFUGES, _LEVELS, _TEXT = 10, 80, 24, 400
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Refuge:
    """An open shelter. free: how many more it takes, None where that is not known; at: when that was counted."""

    number: str
    name: str
    free: int | None
    capacity: int | None
    at: datetime | None
    since: datetime | None
    place: tuple[float, float] | None
    accessible: bool = False
    pets: bool = False

    @property
    def is_full(self) -> bool:
        """Whether nobody more can come."""
        return self.free is not None and self.free <= 0


@dataclass(frozen=True, slots=True)
class Water:
    """One gauge with the letter that it has in the drawing."""

    letter: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class LightView:
    """All that the page shows. unsaid: of how many shelters nobody said whether they are open; more: how much of each
    list is left out; closed: the types of which strangers may not see everything."""

    notices: Sequence[Notice]
    refuges: Sequence[Refuge]
    unsaid: int
    waters: Sequence[Water]
    drawing: Sketch | None
    more: tuple[int, int, int]
    closed: frozenset[str]


def view(happening: Happening, shelters: Sequence[Shelter], words: Words) -> LightView:
    """The page from what the services say and from the town's shelters."""
    refuges = sorted((_refuge(one, words) for one in shelters if one.state == "open"), key=_roomiest)
    refuges = [replace(one, number=str(index)) for index, one in enumerate(refuges, 1)]
    levels = [one for one in happening.readings if one.kind == "level"]
    waters = [Water(_letter(index), one) for index, one in enumerate(levels)]
    spots = [Spot("refuge", one.number, *one.place) for one in refuges[:_REFUGES] if one.place]
    spots += [
        Spot("gauge", one.letter, one.reading.lon, one.reading.lat)
        for one in waters[:_LEVELS]
        if one.reading.lon is not None and one.reading.lat is not None
    ]
    return LightView(
        [_short(one) for one in happening.notices[:_NOTICES]],
        refuges[:_REFUGES],
        sum(one.state is None for one in shelters),
        waters[:_LEVELS],
        sketch(spots),
        (
            max(len(happening.notices) - _NOTICES, 0),
            max(len(refuges) - _REFUGES, 0),
            max(len(waters) - _LEVELS, 0),
        ),
        happening.closed,
    )


def _refuge(one: Shelter, words: Words) -> Refuge:
    taken = one.occupancy.value if one.occupancy else None
    known = one.capacity is not None and taken is not None
    return Refuge(
        "",
        words.of(one.name, one.id),
        max(int(one.capacity or 0) - int(taken or 0), 0) if known else None,
        one.capacity,
        one.occupancy.observed_at if one.occupancy else None,
        one.opened_at,
        (one.location.lon, one.location.lat) if one.location else None,
        bool(one.accessible),
        bool(one.pets),
    )


def _roomiest(one: Refuge) -> tuple[bool, bool, int, str]:
    return (one.is_full, one.free is None, -(one.free or 0), one.name)


def _letter(index: int) -> str:
    whole, rest = divmod(index, len(_LETTERS))
    return _LETTERS[rest] if not whole else f"{_LETTERS[whole - 1]}{_LETTERS[rest]}"


def _short(notice: Notice) -> Notice:
    """The notice at a length that a weak line carries; its own page has all of it."""
    parts = [f"{text[:_TEXT]}…" if len(text) > _TEXT else text for text in (notice.body, notice.instruction)]
    return replace(notice, body=parts[0], instruction=parts[1])


@cache
def style() -> Markup:
    """The rules of the page, which stand in it: nothing else is fetched."""
    lines = files("machinami.portal").joinpath("templates", "light.css").read_text(encoding="utf-8").splitlines()
    return Markup("".join(line.strip() for line in lines))


@cache
def policy() -> str:
    """What a browser may do with the page: nothing but show it with its own rules."""
    digest = b64encode(sha256(str(style()).encode()).digest()).decode()
    own = {"default-src": "'none'", "style-src": f"'sha256-{digest}'"}
    kept = [part for part in CONTENT_SECURITY_POLICY.split("; ") if part.split()[0] in _KEPT]
    return "; ".join([*(f"{name} {value}" for name, value in own.items()), *kept])


_KEPT = frozenset({"base-uri", "form-action", "frame-ancestors"})
