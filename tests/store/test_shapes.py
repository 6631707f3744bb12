"""Changes of which the log keeps no more than values are told, and brought into state and history, like any others."""

import random
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import orjson
import pytest

from machinami.model import patch
from machinami.model.attribute import Kind
from machinami.model.change import Change, Verb
from machinami.model.context import core
from machinami.model.document import entity_to_document
from machinami.model.entity import Entity
from machinami.model.expansion import expand_entity
from machinami.model.plain import Shape, form_of, shape_of
from machinami.model.query import TemporalQuery
from machinami.store.conformance.acts import end, observe, reading
from machinami.store.memory import MemoryBackend
from machinami.store.protocol import TownStore
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.shapes import Shapes

START = datetime(2026, 6, 30, 9, tzinfo=UTC)
IDS = [f"urn:ngsi-ld:Gauge:{number}" for number in range(4)]


def _sent(draw: random.Random, entity_id: str) -> Entity:
    """An entity as it comes in: nearly always of plain attributes, mostly the same ones."""
    document: dict[str, Any] = {
        "id": entity_id,
        "type": draw.choice(["Gauge", "Gauge", "Gauge", ["Gauge", "Sensor"]]),
        "level": {"type": "Property", "value": draw.random(), "unitCode": "MTR", "observedAt": "2026-06-30T08:00:00Z"},
        "river": {"type": "Relationship", "object": f"urn:x:{draw.randrange(2)}"},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [138.2, draw.randrange(40)]}},
    }
    if draw.random() < 0.2:
        document["note"] = {"type": "Property", "value": draw.choice(["wet", 7, [1, 2], {"deep": True}])}
    return expand_entity(document, core())


def _change(before: Entity | None, sent: Entity, now: datetime) -> Change:
    done = patch.created(sent, now) if before is None else patch.replaced(before, sent, now)
    verb = Verb.CREATED if before is None else Verb.UPDATED
    return Change(verb, sent.id, sent.types, before, done.entity, done.changes, now, "somebody")


async def _live(town: TownStore, seed: int) -> None:
    """A life of entities that are created, replaced, changed a little and deleted; the same for the same seed."""
    draw = random.Random(seed)
    for step in range(120):
        now, entity_id, act = START + timedelta(seconds=step), draw.choice(IDS), draw.random()
        sent = _sent(draw, entity_id)
        there = town.peek(entity_id)
        if there is not None and act < 0.1:
            await end(town, entity_id)
        elif there is not None and act < 0.3:
            await observe(town, entity_id, next(iter(sent.attributes)), reading(step, step))
        else:
            await town.transact(lambda tx, sent=sent, now=now: tx.write(_change(tx.get(sent.id), sent, now)))


async def _all_of(town: TownStore) -> str:
    past = await town.instances(IDS, None, TemporalQuery())
    told = [replace(one, value=replace(one.value, instance_id=None)) for one in past]
    there = [entity_to_document(entity) for entity in map(town.peek, IDS) if entity is not None]
    return repr([list(await town.changes(0, 1_000)), there, told])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("durability", ["normal", "full"])
async def test_a_town_that_is_killed_has_all_that_the_log_tells_in_values(
    tmp_path: Path, durability: str, seed: int
) -> None:
    backend, other = open_backend(tmp_path / "a", StoreSettings(durability=durability, log_bytes=0)), MemoryBackend()
    town, plain = await backend.open("default"), await other.open("default")
    await _live(town, seed)
    await _live(plain, seed)
    shutil.copytree(tmp_path / "a", tmp_path / "killed")  # nothing has been read: all that can wait still waits
    again = open_backend(tmp_path / "killed", StoreSettings(durability=durability, log_bytes=0))
    revived = await again.open("default")
    expected = await _all_of(plain)
    assert await _all_of(revived) == expected
    assert await _all_of(town) == expected
    assert await revived.disagreements() == []
    await revived.trim_log(60)
    assert repr(list(await revived.changes(0, 1_000))) == repr(list(await plain.changes(59, 1_000)))
    await again.close()
    await backend.close()


async def test_what_is_plain_takes_less_than_half_the_room_in_the_log(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    sent = _sent(random.Random(3), IDS[0])
    await town.transact(lambda tx: tx.write(_change(None, sent, START)))
    await backend.close()
    (file,) = tmp_path.rglob("town.sqlite")
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    ((log, shape, state),) = connection.execute(
        "SELECT log.doc, shape.text, json(entity.doc) FROM log, shape, entity"
    ).fetchall()
    connection.close()
    assert len(log) < len(state) / 2
    assert orjson.loads(shape)[1][0] == ["https://uri.etsi.org/ngsi-ld/default-context/level", "Property", "MTR", True]


def test_only_so_many_shapes_have_a_number_and_none_that_is_too_wide() -> None:
    file = apsw.Connection(":memory:")
    file.execute("CREATE TABLE shape (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)")
    shapes = Shapes(file)
    assert shapes.number(("T",), _wide(65)) is None
    assert [shapes.number((f"T{number}",), _wide(2)) for number in range(1_024)] == list(range(1, 1_025))
    assert shapes.number(("T1024",), _wide(2)) is None
    assert shapes.number(("T0",), _wide(2)) == 1
    assert shapes.write(file) == 1_024
    shapes.written(1_024)
    assert shapes.write(file) == 0
    assert Shapes(file).number(("T1023",), _wide(2)) == 1_024


def _wide(count: int) -> Shape:
    return shape_of(tuple([form_of(f"a{number}", Kind.PROPERTY, None, False) for number in range(count)]))
