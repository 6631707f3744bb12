"""How is an attribute read that has the same members as many before it? By a reader made once for these members.

Nothing here has a meaning of its own: what is read is what `expansion` makes of the attribute, for what is common and
simple, and None where that takes a closer look, which also says what is wrong. A test holds both to the same.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import combinations
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.urn import is_uri
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Kind
from machinami.model.null import NULL
from machinami.model.values import read_moment

Reader = Callable[[dict[str, Any]], Attribute | None]

_MOMENTS = 4_096
_LONGEST_MOMENT = 40  # letters
_NAMES = 4_096
_LONGEST_NAME = 64  # letters
_BESIDE = ("type", "observedAt", "unitCode")
SCALARS = frozenset((float, int, bool))
_NUMBERS = frozenset((float, int))
# looked up once: before Python 3.12 an enum's member costs as much as reading a value
_PROPERTY, _GEO, _RELATIONSHIP = Kind.PROPERTY, Kind.GEO, Kind.RELATIONSHIP


def read_common(name: str, body: dict[str, Any]) -> Attribute | None:
    """The attribute of this name that a body describes, None if that takes a closer look."""
    read = _latest.get(name)
    instance = read(body) if read is not None else None
    return instance if instance is not None else _read_another(name, body)


_latest: dict[str, Reader] = {}  # by the name of the attribute: the next one of this name often has the same members


def _read_another(name: str, body: dict[str, Any]) -> Attribute | None:
    read = _READERS.get(frozenset(body)) if len(body) <= 1 + len(_BESIDE) else None
    instance = read(body) if read is not None else None
    if read is not None and instance is not None and len(name) <= _LONGEST_NAME:
        if len(_latest) >= _NAMES:  # names come from outside: never let them fill the memory
            _latest.clear()
        _latest[name] = read
    return instance


def _measured(beside: tuple[str, ...]) -> Reader:
    """The reader of a Property that is a number, a truth or a text, and of a GeoProperty that is a point."""
    typed, timed, with_unit = (member in beside for member in _BESIDE)
    size = 1 + len(beside)

    def read(body: dict[str, Any]) -> Attribute | None:
        if len(body) != size:
            return None
        try:
            kind, value = _PROPERTY, body["value"]
            if typed and body["type"] != "Property":
                if body["type"] != "GeoProperty" or not is_point(value):
                    return None
                kind = _GEO
            elif type(value) not in SCALARS and (type(value) is not str or value == NULL):
                return None
            unit = body["unitCode"] if with_unit else None
            observed = known_moment(body["observedAt"]) if timed else None
        except KeyError:
            return None
        if (timed and observed is None) or (with_unit and (type(unit) is not str or not unit)):
            return None
        return Attribute(kind, value, None, observed, unit, None, None, None, None, (), NO_ATTRIBUTES)

    return read


def _related(beside: tuple[str, ...]) -> Reader:
    """The reader of a Relationship to one entity."""
    typed, timed, _ = (member in beside for member in _BESIDE)
    size = 1 + len(beside)

    def read(body: dict[str, Any]) -> Attribute | None:
        if len(body) != size:
            return None
        try:
            target = body["object"]
            if typed and body["type"] != "Relationship":
                return None
            observed = known_moment(body["observedAt"]) if timed else None
        except KeyError:
            return None
        if target == NULL or not is_uri(target) or (timed and observed is None):
            return None
        return Attribute(_RELATIONSHIP, target, None, observed, None, None, None, None, None, (), NO_ATTRIBUTES)

    return read


def is_point(value: object) -> bool:
    """Whether the value is a point that takes no closer look."""
    if type(value) is not dict or value.get("type") != "Point":
        return False
    place = value.get("coordinates")
    return type(place) is list and len(place) == 2 and type(place[0]) in _NUMBERS and type(place[1]) in _NUMBERS


def known_moment(text: object) -> datetime | None:
    """The moment that a text says; None for what is none."""
    return _parsed_moment(text) if type(text) is str and len(text) <= _LONGEST_MOMENT else None


@lru_cache(_MOMENTS)
def _parsed_moment(text: str) -> datetime | None:
    """The moment; None for what is none. Documents repeat few moments often."""
    try:
        return read_moment(text, "")
    except BadRequestData:
        return None


def _readers() -> Mapping[frozenset[str], Reader]:
    found: dict[frozenset[str], Reader] = {}
    for carrier, make, others in (("value", _measured, _BESIDE), ("object", _related, _BESIDE[:2])):
        for count in range(len(others) + 1):
            for beside in combinations(others, count):
                found[frozenset((carrier, *beside))] = make(beside)
    return found


_READERS = _readers()  # by the names of the members of the body
