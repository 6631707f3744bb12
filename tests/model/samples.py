"""Which entities can there be? Hypothesis strategies for entities, attributes and changes."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from machinami.foundation.instant import EPOCH
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.entity import Entity

# entities are large and machines are busy: fewer of them, and no clock
unhurried = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"

moments = st.integers(-(2**49), 2**52).map(lambda micros: EPOCH + timedelta(microseconds=micros))
words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6)
uris = words.map(lambda word: f"urn:ngsi-ld:{word}:1")
# names that no core context knows, so that a property name never collides with a member name
names = words.map(lambda word: VOCAB + "x" + word)
scalars = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
_inner = st.recursive(
    scalars | st.none(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(words, inside, max_size=3),
    max_leaves=6,
)
_not_null = st.recursive(
    scalars,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(words.map("k".__add__), inside, max_size=3),
    max_leaves=6,
)
_position = st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(list)
geometries = st.one_of(
    _position.map(lambda at: {"type": "Point", "coordinates": at}),
    st.lists(_position, min_size=2, max_size=4).map(lambda line: {"type": "LineString", "coordinates": line}),
)
_language_maps = st.dictionaries(
    st.sampled_from(["en", "ja", "fr", "@none"]), st.text(max_size=5), min_size=1, max_size=3
)


def _one_or_many(one: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return one | st.lists(one, min_size=2, max_size=3).map(tuple)


_objects = st.dictionaries(st.text(max_size=3), _inner, max_size=3)

VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.PROPERTY: _not_null,
    Kind.RELATIONSHIP: _one_or_many(uris),
    Kind.GEO: geometries,
    Kind.LANGUAGE: _language_maps,
    Kind.VOCAB: _one_or_many(names),
    Kind.LIST: st.lists(scalars, max_size=3),
    Kind.LIST_RELATIONSHIP: st.lists(uris, max_size=3).map(tuple),
    Kind.JSON: _objects | st.lists(_objects, max_size=2),
}
_UNITS = (Kind.PROPERTY, Kind.LIST)
_TARGETS = (Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP)


@st.composite
def instances(draw: st.DrawFn, dataset_id: str | None = None, system: bool = True, depth: int = 1) -> Attribute:
    """One attribute instance; with system=False without the members that only the broker sets."""
    kind = draw(st.sampled_from(list(Kind)))
    when = moments | st.none()
    below = draw(attributes(system=system, depth=depth - 1, at_most=1)) if depth else NO_ATTRIBUTES
    return Attribute(
        kind,
        draw(VALUES[kind]),
        dataset_id,
        draw(when),
        draw(st.sampled_from([None, "CEL", "MTR"])) if kind in _UNITS else None,
        draw(when) if system else None,
        draw(when) if system else None,
        draw(when),
        draw(uris | st.none()) if system else None,
        tuple(draw(st.lists(names, max_size=2, unique=True))) if kind in _TARGETS else (),
        below or NO_ATTRIBUTES,
        draw(st.none() | names) if kind is Kind.PROPERTY else None,
    )


@st.composite
def attributes(draw: st.DrawFn, system: bool = True, depth: int = 1, at_most: int = 2) -> Attributes:
    """Attributes by name, some with several instances, the default instance first."""
    found = {}
    for name in draw(st.lists(names, max_size=at_most, unique=True)):
        datasets = draw(st.lists(uris, max_size=2, unique=True))
        if not datasets or draw(st.booleans()):
            datasets = [None, *datasets]
        found[name] = tuple(draw(instances(d, system=system, depth=depth)) for d in datasets)
    return found


@st.composite
def entities(draw: st.DrawFn, system: bool = True) -> Entity:
    """An entity with attributes of all kinds."""
    when = moments | st.none()
    return Entity(
        draw(uris),
        tuple(draw(st.lists(names, min_size=1, max_size=2, unique=True))),
        draw(attributes(system=system)),
        tuple(draw(st.lists(words.map("/".__add__), max_size=2, unique=True))),
        draw(when) if system else None,
        draw(when) if system else None,
        draw(when),
    )
