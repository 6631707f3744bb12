"""Do both stores find the same past? Random towns with a history, asked random questions of random times."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from tests.store.generated_policy import principal, rows

from machinami.model.attribute import Attribute, Kind
from machinami.model.change import Change, Verb
from machinami.model.found import Instance
from machinami.model.guarding import guard_of, guarded
from machinami.model.patch import difference
from machinami.model.policy import Deed
from machinami.model.query import (
    All,
    AnyOf,
    Compare,
    Condition,
    Literal,
    Operator,
    Page,
    Query,
    Range,
    TemporalQuery,
    TimeRelation,
)
from machinami.model.query import Path as Names
from machinami.store.generated import NAMES, NOW, NUMBERS, entities
from machinami.store.generated_queries import queries
from machinami.store.memory import MemoryBackend
from machinami.store.protocol import TownStore, Transaction
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

_PAGE = Page(100, 0, True)


def _moments(rng: Random) -> TemporalQuery:
    first, last = sorted(NOW + timedelta(minutes=rng.randint(-5, 15)) for _ in range(2))
    relation = rng.choice(tuple(TimeRelation))
    name = rng.choice(("observedAt", "modifiedAt", "createdAt", "deletedAt"))
    datasets = rng.choice((None, None, ("@none",), ("urn:d:1", "@none")))
    return TemporalQuery(relation, first, last, name, datasets=datasets)


def _numbers(rng: Random) -> Condition:
    """A condition that compares attributes with numbers, alone or several together."""
    operator = rng.choice(tuple(Operator)[:6])
    values = sorted(rng.choice(NUMBERS) for _ in range(2))
    literals = [Literal(value) for value in values]
    several = operator in (Operator.EQUAL, Operator.UNEQUAL)
    operands = (Range(*literals), literals[0]) if several and rng.random() < 0.5 else (literals[0],)
    term = Compare(Names((rng.choice(NAMES),)), operator, operands)
    if rng.random() < 0.6:
        return term
    return rng.choice((All, AnyOf))((term, _numbers(rng)))


async def _live(town: TownStore, seed: int) -> None:
    """Entities that are created, replaced twice, and of which some end; and of each a past that was told."""
    rng = Random(seed)
    before = {}
    for minute, life in enumerate(entities(rng, 30) for _ in range(3)):
        at = NOW + timedelta(minutes=5 * minute)
        for entity in life:
            new = replace(entity, id=entity.id, expires_at=None)
            old = before.get(new.id)
            verb = Verb.UPDATED if old else Verb.CREATED
            change = Change(verb, new.id, new.types, old, new, difference(old, new), at, "tester")
            await town.transact(lambda tx, change=change: tx.write(change))
            before[new.id] = new
    for number, (name, old) in enumerate(sorted(before.items())):
        if number % 4 == 0:
            gone = Change(Verb.DELETED, name, old.types, old, None, difference(old, None), NOW, "tester")
            await town.transact(lambda tx, gone=gone: tx.write(gone))

        def tell(tx: Transaction, name: str = name) -> None:
            for kind in (Kind.PROPERTY, Kind.JSON):
                moment = NOW + timedelta(minutes=rng.randint(-5, 15))
                dataset = rng.choice((None, "urn:d:1"))
                value = Attribute(kind, rng.choice((*NUMBERS, "red", True)), dataset, moment, modified_at=moment)
                tx.add_history(Instance(name, rng.choice(NAMES), value))

        await town.transact(tell)


@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_both_stores_find_the_same_past(tmp_path: Path, seed: int, protected: bool) -> None:
    backends = MemoryBackend(), open_backend(tmp_path, StoreSettings())
    plain, kept = [await backend.open("default") for backend in backends]
    for town in (plain, kept):
        await _live(town, seed)
    rng = Random(seed)
    asked = [*queries(rng, 150, 30), *(Query(q=_numbers(rng)) for _ in range(250))]
    some = 0
    for query in asked:
        temporal = _moments(rng)
        if protected:
            query = guarded(query, guard_of(rows(rng), principal(rng), Deed.READ))
        expected = await plain.find_past(query, temporal, _PAGE, NOW)
        assert await kept.find_past(query, temporal, _PAGE, NOW) == expected, (query, temporal)
        some += 0 < len(expected.entities) < 30
    assert some > len(asked) / (25 if protected else 5)
    for backend in backends:
        await backend.close()
