"""Which queries try out a store? Random ones about the entities of `generated`."""

from collections.abc import Callable, Sequence
from datetime import date, time
from random import Random
from typing import Any

from machinami.model import query as q
from machinami.model.core_terms import NAMESPACE
from machinami.store.generated import (
    CLOCKS,
    DATES,
    LANGUAGES,
    LOCATION,
    MOMENTS,
    NAMES,
    NUMBERS,
    SCOPES,
    SUB_NAMES,
    TERMS,
    TYPES,
    UNITS,
    WORDS,
    entity_id,
    geometry,
)

TIMES = tuple(NAMESPACE + name for name in ("observedAt", "createdAt", "modifiedAt"))
TRAILS = (("city",), ("code",), ("deep", "x"), ("deep", "list"), ("nothing",), ("type",), ("*",))
PATTERNS = ("^red", "ed$", "river", "(?:blue|red)", "^$", "[0-9]", "川")
_ORDERED = (q.Operator.GREATER, q.Operator.GREATER_EQUAL, q.Operator.LESS, q.Operator.LESS_EQUAL)


def queries(rng: Random, count: int, entity_count: int = 50) -> list[q.Query]:
    """`count` queries about entities with the ids 0 to entity_count - 1, each with at least one restriction."""
    return [_query(rng, entity_count) for _ in range(count)]


def _query(rng: Random, entity_count: int) -> q.Query:
    makers: dict[str, Callable[[], Any]] = {
        "types": lambda: types(rng),
        "ids": lambda: tuple(entity_id(rng.randrange(entity_count)) for _ in range(rng.randint(1, 20))),
        "id_pattern": lambda: rng.choice((":00", "1$", "Thing:0[0-3]", "^urn:.*2", "nothing")),
        "attrs": lambda: tuple(rng.sample((*NAMES, LOCATION), rng.randint(1, 3))),
        "q": lambda: condition(rng, entity_count),
        "geo": lambda: geo(rng),
        "scope": lambda: scope(rng),
        "selectors": lambda: tuple(_selector(rng, entity_count) for _ in range(rng.randint(2, 3))),
    }
    weights = (3, 1, 1, 2, 8, 2, 2, 1)
    chosen = set(rng.choices(tuple(makers), weights, k=rng.choice((1, 1, 1, 2, 3))))
    members = {name: makers[name]() for name in makers if name in chosen}
    return q.Query(**members, order=orders(rng) if rng.random() < 0.3 else ())


def _selector(rng: Random, entity_count: int) -> q.Selector:
    ids = tuple(entity_id(rng.randrange(entity_count)) for _ in range(rng.randint(0, 3)))
    return q.Selector(types(rng), ids, None if ids else rng.choice((None, ":00", "1$")))


def types(rng: Random) -> q.TypeSelection:
    """A type, or some of them, or all of some."""
    some = [q.TypeIs(name) for name in rng.sample(TYPES, 2)]
    return rng.choice((some[0], some[0], q.TypeAny(tuple(some)), q.TypeAll(tuple(some))))


def scope(rng: Random) -> q.ScopeSelection:
    """A pattern of scopes, or some of them, or all of some."""
    one, other = _pattern(rng), _pattern(rng)
    return rng.choice((one, one, q.ScopeAny((one, other)), q.ScopeAll((one, other))))


def _pattern(rng: Random) -> q.ScopePattern:
    levels = rng.choice(SCOPES).strip("/").split("/")
    if rng.random() < 0.3:
        levels[rng.randrange(len(levels))] = "+"
    if rng.random() < 0.4:
        levels = [*levels[: rng.randint(0, len(levels))], "#"]
    return q.ScopePattern(tuple(levels))


def geo(rng: Random) -> q.GeoQuery:
    """A spatial relation to a geometry near the town."""
    relation = rng.choice((q.GeoRelation.NEAR, *q.GeoRelation))
    least: float | None = None
    most: float | None = None
    if relation is q.GeoRelation.NEAR:
        metres = rng.choice((0.5, 1000.0, 3000.0, 10_000.0))
        least, most = rng.choice(((None, metres), (None, metres), (metres, None)))
    return q.GeoQuery(relation, geometry(rng), rng.choice((LOCATION, LOCATION, NAMES[3])), least, most)


def condition(rng: Random, entity_count: int, depth: int = 0) -> q.Condition:
    """A condition of up to three levels."""
    choice = rng.random()
    if depth < 2 and choice < 0.3:
        parts = tuple(condition(rng, entity_count, depth + 1) for _ in range(rng.randint(2, 3)))
        return rng.choice((q.All, q.AnyOf))(parts)
    if choice < 0.4:
        return rng.choice((q.Exists, q.Exists, q.Missing))(path(rng))
    if choice < 0.46 and depth < 3:
        hint = rng.choice(((), (), TYPES[:1]))
        return q.Linked(q.Path((rng.choice(NAMES[7:9]),)), condition(rng, entity_count, depth + 1), hint)
    return comparison(rng, entity_count)


def comparison(rng: Random, entity_count: int) -> q.Compare:
    """A path, an operator and operands of any type that it takes."""
    where = path(rng)
    kind = rng.randrange(10)
    if kind == 0:
        operator = rng.choice((q.Operator.MATCHES, q.Operator.NOT_MATCHES))
        return q.Compare(where, operator, (q.Literal(rng.choice(PATTERNS)),))
    if kind < 4:
        limit = literal(rng, where, entity_count)
        if not isinstance(limit.value, bool):  # booleans have no order in 4.9
            return q.Compare(where, rng.choice(_ORDERED), (limit,))
    operator = rng.choice((q.Operator.EQUAL, q.Operator.EQUAL, q.Operator.UNEQUAL))
    if kind == 4:
        return q.Compare(where, operator, (_range(rng, where),))
    many = rng.choice((1, 1, 1, 2, 3))
    return q.Compare(where, operator, tuple(literal(rng, where, entity_count) for _ in range(many)))


def _range(rng: Random, where: q.Path) -> q.Range:
    pools: Sequence[Sequence[Any]] = (NUMBERS, WORDS, MOMENTS, _days(), _clocks())
    pool = MOMENTS if where.names[-1] in TIMES else rng.choice(pools)
    low, high = sorted(rng.choices(pool, k=2))
    return q.Range(q.Literal(low), q.Literal(high))


def path(rng: Random) -> q.Path:
    """A path to an attribute, below one, into its value, or to one of its members."""
    name = rng.choice((*NAMES, *NAMES[:2], LOCATION))
    choice = rng.randrange(12)
    if choice < 6:
        return q.Path((name,))
    if choice == 6:
        return q.Path((rng.choice((NAMES[4], name)),), (rng.choice((*LANGUAGES, "*")),))
    if choice == 7:
        return q.Path((rng.choice((NAMES[9], name)),), rng.choice(TRAILS))
    if choice == 8:
        return q.Path((name, rng.choice(SUB_NAMES)))
    if choice == 9:
        return q.Path((name, rng.choice((*TIMES, NAMESPACE + "unitCode", NAMESPACE + "datasetId"))))
    if choice == 10:
        return q.Path((name, rng.choice(SUB_NAMES), rng.choice((*SUB_NAMES, TIMES[0]))))
    return q.Path((rng.choice(("@id", "@type", *TIMES[1:], NAMESPACE + "scope")),))


def literal(rng: Random, where: q.Path, entity_count: int) -> q.Literal:
    """An operand, of a type that often fits the path."""
    if where.names[-1] in TIMES:
        return q.Literal(rng.choice(MOMENTS))
    if where.names[-1] in (NAMES[5], "@type"):
        term = rng.choice((*TERMS, *TYPES))
        return rng.choice((q.Literal(term), q.Literal(term.rpartition("/")[2], term)))
    if where.names[-1] in NAMES[7:9]:
        return q.Literal(entity_id(rng.randrange(entity_count)))
    pools: Sequence[Sequence[Any]] = (
        NUMBERS,
        NUMBERS,
        WORDS,
        WORDS,
        UNITS,
        (True, False),
        MOMENTS,
        _days(),
        _clocks(),
    )
    return q.Literal(rng.choice(rng.choice(pools)))


def _days() -> list[date]:
    return [date.fromisoformat(text) for text in DATES]


def _clocks() -> list[time]:
    return [time.fromisoformat(text) for text in CLOCKS]


def orders(rng: Random) -> tuple[q.Order, ...]:
    """One or two sort keys."""
    return tuple(_order(rng) for _ in range(rng.randint(1, 2)))


def _order(rng: Random) -> q.Order:
    descending = rng.random() < 0.5
    if rng.random() < 0.2:
        return q.Order(q.Path((LOCATION,)), descending, geometry(rng))
    return q.Order(path(rng), descending, collation=rng.choice((None, None, "und")))
