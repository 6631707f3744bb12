"""Which entities and queries try out a store? Random ones over a small vocabulary, from a seeded generator.

Every kind of attribute, sub-attributes, several instances, scopes, several types, places, moments and expiry
occur, and the queries ask for names and values that the entities use, so that a fair part of them match.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.entity import Entity

T = TypeVar("T")

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
VOCABULARY = "https://town.example/"
TYPES = tuple(VOCABULARY + name for name in ("Gauge", "Sensor", "Shelter"))
NAMES = tuple(
    VOCABULARY + name
    for name in ("level", "label", "state", "place", "title", "category", "series", "owner", "parts", "raw")
)
LOCATION = "https://uri.etsi.org/ngsi-ld/location"
SUB_NAMES = tuple(VOCABULARY + name for name in ("accuracy", "source", "note"))
DATASETS = (None, "urn:dataset:a", "urn:dataset:b")
SCOPES = ("/Town", "/Town/North", "/Town/North/River", "/Town/South", "Village", "/Village/River")
TERMS = tuple(VOCABULARY + name for name in ("commercial", "residential", "public"))
WORDS = ("red", "blue", "Red", "river", "upper river", "café", "川", "")
NUMBERS: tuple[int | float, ...] = (-1, 0, 1, 2, 2.5, 10, 10.0, 1e6)
MOMENTS = tuple(NOW - timedelta(hours=h) for h in (0, 1, 2, 24, 240))
DATES = ("2026-06-29", "2026-06-30", "2026-07-01")
CLOCKS = ("09:00:00Z", "12:30:00Z", "23:59:59.5Z")
UNITS = ("MTR", "CEL", "P1")
LANGUAGES = ("en", "ja", "fr")


def entity_id(number: int) -> str:
    """The id of the n-th entity."""
    return f"urn:ngsi-ld:Thing:{number:03d}"


def entities(rng: Random, count: int) -> list[Entity]:
    """`count` entities with the ids 0 to count - 1; about one in twelve has expired at NOW."""
    return [_entity(rng, number, count) for number in range(count)]


def _entity(rng: Random, number: int, count: int) -> Entity:
    names = rng.sample((*NAMES, LOCATION), rng.randint(0, 6))
    created = rng.choice(MOMENTS) - timedelta(days=1)
    return Entity(
        id=entity_id(number),
        types=tuple(rng.sample(TYPES, rng.choice((1, 1, 1, 2, 3)))),
        attributes={name: _instances(rng, name, count) for name in names},
        scopes=tuple(rng.sample(SCOPES, rng.choice((0, 0, 1, 1, 2)))),
        created_at=created,
        modified_at=created + timedelta(hours=rng.randint(0, 20)),
        expires_at=_expiry(rng),
    )


def _expiry(rng: Random) -> datetime | None:
    return rng.choice((*(None,) * 10, NOW + timedelta(hours=1), NOW))


def _instances(rng: Random, name: str, count: int) -> tuple[Attribute, ...]:
    datasets = rng.choice(((None,), (None,), (None,), DATASETS[1:2], DATASETS, DATASETS[:2]))
    kind = _KIND_OF.get(name) or rng.choice(tuple(Kind))
    return tuple(_attribute(rng, kind, dataset, count) for dataset in datasets)


def _attribute(rng: Random, kind: Kind, dataset: str | None, count: int, depth: int = 0) -> Attribute:
    observed, created, modified = rng.choice((None, *MOMENTS)), rng.choice(MOMENTS), rng.choice(MOMENTS)
    return Attribute(
        kind,
        VALUES[kind](rng, count),
        dataset_id=dataset,
        unit_code=rng.choice((None, None, *UNITS)) if kind is Kind.PROPERTY else None,
        instance_id=f"urn:ngsi-ld:Instance:{rng.getrandbits(64):016x}",
        object_type=_object_type(rng, kind),
        attributes=_subs(rng, count, depth),
        observed_at=observed,
        created_at=created - timedelta(days=1),
        modified_at=modified,
        expires_at=_expiry(rng) if depth == 0 else None,
    )


def _object_type(rng: Random, kind: Kind) -> tuple[str, ...]:
    if kind not in (Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP):
        return ()
    return rng.choice(((), TYPES[:1], TYPES[1:]))


def _subs(rng: Random, count: int, depth: int) -> Attributes:
    chosen = rng.sample(SUB_NAMES, rng.choice((0, 0, 1, 2))) if depth < 2 else ()
    if not chosen:
        return NO_ATTRIBUTES
    return {name: (_attribute(rng, rng.choice(tuple(Kind)), None, count, depth + 1),) for name in chosen}


def scalar(rng: Random) -> Any:
    """One JSON value that is no array and no object."""
    pools: Sequence[Sequence[Any]] = (NUMBERS, NUMBERS, WORDS, WORDS, (True, False), DATES, CLOCKS)
    return rng.choice((*(rng.choice(pool) for pool in pools), _written(rng.choice(MOMENTS))))


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _objects(rng: Random, count: int) -> Any:
    made = [_object(rng) for _ in range(rng.randint(1, 3))]
    return made[0] if len(made) == 1 else made


def _object(rng: Random) -> Any:
    return {
        "city": rng.choice(WORDS),
        "code": rng.choice((*NUMBERS, None)),
        "deep": {"x": scalar(rng), "list": [scalar(rng), scalar(rng)]},
    }


def _json(rng: Random, count: int) -> Any:
    choice = rng.randrange(8)
    if choice < 4:
        return scalar(rng)
    if choice < 6:
        return [scalar(rng) for _ in range(rng.randint(0, 3))]
    return _object(rng)


def place(rng: Random) -> tuple[float, float]:
    """A position on a grid of 0.01 degrees around a small town."""
    return 136.0 + rng.randrange(20) / 100, 35.0 + rng.randrange(20) / 100


def geometry(rng: Random) -> dict[str, Any]:
    """A GeoJSON geometry near the town: mostly a point."""
    x, y = place(rng)
    side = rng.choice((0.02, 0.05))
    square = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return rng.choice(
        (
            {"type": "Point", "coordinates": [x, y]},
            {"type": "Point", "coordinates": [x, y]},
            {"type": "LineString", "coordinates": [[x, y], list(place(rng)), [x + side, y]]},
            {"type": "Polygon", "coordinates": [square]},
            {"type": "MultiPoint", "coordinates": [[x, y], list(place(rng))]},
        )
    )


def _ids(rng: Random, count: int) -> tuple[str, ...]:
    return tuple(entity_id(rng.randrange(count + 2)) for _ in range(rng.randint(1, 3)))


def _one_or_more(rng: Random, values: Sequence[T]) -> T | tuple[T, ...]:
    return rng.choice(values) if rng.random() < 0.7 else tuple(rng.sample(values, 2))


def _language(rng: Random, count: int) -> dict[str, Any]:
    tags = rng.sample(LANGUAGES, rng.randint(1, 3))
    return {tag: rng.choice((rng.choice(WORDS), rng.sample(WORDS, 2))) for tag in tags}


VALUES: dict[Kind, Callable[[Random, int], Any]] = {
    Kind.PROPERTY: _json,
    Kind.RELATIONSHIP: lambda rng, count: _one_or_more(rng, [entity_id(n) for n in range(count + 2)]),
    Kind.GEO: lambda rng, count: geometry(rng),
    Kind.LANGUAGE: _language,
    Kind.VOCAB: lambda rng, count: _one_or_more(rng, TERMS),
    Kind.LIST: lambda rng, count: [scalar(rng) for _ in range(rng.randint(0, 4))],
    Kind.LIST_RELATIONSHIP: _ids,
    Kind.JSON: _objects,
}

# some names keep to one kind, as in a real town; the others take any
_KIND_OF = {
    NAMES[0]: Kind.PROPERTY,
    NAMES[1]: Kind.PROPERTY,
    NAMES[4]: Kind.LANGUAGE,
    NAMES[5]: Kind.VOCAB,
    NAMES[6]: Kind.LIST,
    NAMES[7]: Kind.RELATIONSHIP,
    NAMES[9]: Kind.JSON,
    LOCATION: Kind.GEO,
}
