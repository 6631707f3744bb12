"""What do the files of a town say about persons? Nothing that could be read without the person's key."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from machinami.app.person_keys import PersonKeyFile
from machinami.broker.law import Law
from machinami.broker.shroud.cipher import is_sealed
from machinami.broker.shroud.resealing import since
from machinami.broker.shroud.shrouded import Shrouded, shrouded
from machinami.foundation.errors import StoreUnavailable
from machinami.model.attribute import Attribute, Kind
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.model.legal import LegalClass, Mark
from machinami.model.patch import difference
from machinami.model.query import Compare, GeoQuery, GeoRelation, Literal, Operator, Page, Query, TemporalQuery, TypeIs
from machinami.model.query import Path as Names
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
V = "https://town.example/"
WALK, WALKER, NOTE, PLACE, GAUGE = V + "Walk", V + "walker", V + "note", V + "location", V + "Gauge"
HANA, JIRO = "urn:ngsi-ld:Person:hana", "urn:ngsi-ld:Person:jiro"
SECRET, PAST, AT = "tachycardia-7731", "arrhythmia-5519", 139.71234567
MARKS = (Mark(LegalClass.PERSONAL, WALK, "", WALKER),)


def walk(number: int, about: str = HANA, note: str = SECRET) -> Entity:
    """A walk of somebody, with something that nobody else is to read."""
    times = {"created_at": NOW, "modified_at": NOW}
    attributes = {
        WALKER: (Attribute(Kind.RELATIONSHIP, about, **times),),
        NOTE: (Attribute(Kind.PROPERTY, note, observed_at=NOW, **times),),
        PLACE: (Attribute(Kind.GEO, {"type": "Point", "coordinates": [AT, 35.6]}, **times),),
    }
    return Entity(f"urn:ngsi-ld:Walk:{number}", (WALK,), attributes, created_at=NOW, modified_at=NOW)


def change(before: Entity | None, after: Entity | None, at: datetime = NOW) -> Change:
    """What makes of one the other."""
    shown = after or before
    assert shown is not None
    verb = Verb.CREATED if before is None else Verb.DELETED if after is None else Verb.UPDATED
    return Change(verb, shown.id, shown.types, before, after, difference(before, after), at, "tester")


@dataclass
class Installation:
    """A data folder, and beside it the folder with the keys."""

    data: Path
    keys: Path

    async def town(self, data: Path | None = None, marks: tuple[Mark, ...] = MARKS) -> Shrouded:
        """The town in the folder, or in a copy of it, with the keys that are there now."""
        self.backend = open_backend(data or self.data, StoreSettings())
        law = Law(lambda: NOW)
        self.file = PersonKeyFile(self.keys / "default.persons", True)
        made = await shrouded(await self.backend.open("default"), law, self.file)
        law.set_marks(marks)
        return made

    async def close(self) -> None:
        """Let go of everything."""
        await self.backend.close()
        self.file.close()

    def backup(self, name: str) -> Path:
        """A copy of the data folder as it is, whatever is going on."""
        return Path(shutil.copytree(self.data, self.data.with_name(name), ignore=shutil.ignore_patterns("*.lock")))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Installation]:
    made = Installation(tmp_path / "data", tmp_path / "keys")
    yield made
    await made.close()


def said(folder: Path, *texts: str) -> list[str]:
    """Which of the texts stand in any file below the folder."""
    contents = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    assert contents
    return [text for text in texts if any(text.encode() in content for content in contents)]


async def write(town: Shrouded, *changes: Change) -> None:
    """Have the changes be made."""
    for one in changes:
        await town.transact(lambda tx, one=one: tx.write(one))


async def test_no_file_of_a_town_says_what_is_personal_while_whoever_asks_sees_it(here: Installation) -> None:
    town = await here.town()
    first = walk(1, note=PAST)
    await write(town, change(None, first))
    held = town.peek(first.id)
    assert held is not None
    second = replace(held, attributes={**held.attributes, NOTE: (replace(held.attributes[NOTE][0], value=SECRET),)})
    await write(town, change(held, second, NOW + timedelta(minutes=1)))
    past = await town.instances([first.id], [NOTE], TemporalQuery())
    assert [one.value.value for one in past] == [PAST, SECRET]
    assert [(c.before and c.before.attributes[NOTE][0].value) for c in await town.changes(0, 9)] == [None, PAST]
    assert said(here.data, SECRET, PAST, HANA, "139.712") == []
    await here.close()
    assert said(here.data, SECRET, PAST, HANA, "139.712") == []
    again = await here.town()
    assert again.peek(first.id) == second


async def test_sealed_values_are_found_by_what_they_are(here: Installation) -> None:
    town = await here.town()
    await write(town, *(change(None, walk(n, note=f"note-{n % 3}")) for n in range(9)))
    asked = Compare(Names((NOTE,)), Operator.EQUAL, (Literal("note-1"),))
    near = GeoQuery(GeoRelation.NEAR, {"type": "Point", "coordinates": [AT, 35.6]}, PLACE, max_distance=5)
    for query in (Query(types=TypeIs(WALK), q=asked), Query(q=asked), Query(types=TypeIs(WALK), q=asked, geo=near)):
        found = await town.find(query, Page(10, 0, True), NOW)
        assert [one.id[-1] for one in found.entities] == ["1", "4", "7"]
        assert found.count == 3


async def test_a_copy_of_the_folder_cannot_be_read_once_the_key_is_destroyed(here: Installation) -> None:
    town = await here.town()
    await write(town, change(None, walk(1)), change(None, walk(2, JIRO, "jiro-note")))
    copy = here.backup("backup")
    here.file.destroy(here.file.find(HANA))
    town.forget()
    assert town.peek("urn:ngsi-ld:Walk:1") == replace(walk(1), attributes={})
    await here.close()
    restored = await here.town(copy)
    hana, jiro = restored.peek("urn:ngsi-ld:Walk:1"), restored.peek("urn:ngsi-ld:Walk:2")
    assert hana is not None
    assert hana.attributes == {}
    assert await restored.instances(["urn:ngsi-ld:Walk:1"], None, TemporalQuery()) == []
    assert jiro is not None
    assert jiro.attributes[NOTE][0].value == "jiro-note"
    assert said(copy, SECRET, HANA) == []


async def test_what_is_about_two_people_goes_with_the_key_of_either(here: Installation) -> None:
    town = await here.town()
    both = walk(1)
    both = replace(
        both, attributes={**both.attributes, WALKER: (replace(both.attributes[WALKER][0], value=(HANA, JIRO)),)}
    )
    await write(town, change(None, both))
    assert town.peek(both.id) == both
    here.file.destroy(here.file.find(JIRO))
    town.forget()
    shown = town.peek(both.id)
    assert shown is not None
    assert shown.attributes == {}


async def test_other_types_are_kept_as_ever(here: Installation) -> None:
    town = await here.town()
    gauge = replace(walk(1, note="water-level-plain"), id="urn:ngsi-ld:Gauge:1", types=(GAUGE,))
    await write(town, change(None, gauge))
    assert said(here.data, "water-level-plain") == ["water-level-plain"]
    assert town.peek(gauge.id) is town.at_rest.peek(gauge.id)


async def test_a_town_without_marks_calls_its_store_directly(here: Installation) -> None:
    town = await here.town(marks=())
    assert not town.awake
    assert town.peek == town.at_rest.peek
    assert not (here.keys / "default.persons").exists()


async def test_a_town_whose_keys_are_lost_says_so_instead_of_losing_its_data(here: Installation) -> None:
    town = await here.town()
    await write(town, change(None, walk(1)))
    await here.close()
    away = (here.keys / "default.persons").rename(here.keys / "away")
    with pytest.raises(StoreUnavailable, match="keys of this town's persons are not here"):
        await here.town()
    await here.close()
    away.rename(here.keys / "default.persons")
    town = await here.town()
    assert town.peek("urn:ngsi-ld:Walk:1") == walk(1)


async def test_what_was_there_before_it_was_marked_is_sealed_where_it_lies(here: Installation) -> None:
    town = await here.town(marks=())
    first = walk(1, note=PAST)
    second = replace(first, attributes={**first.attributes, NOTE: (replace(first.attributes[NOTE][0], value=SECRET),)})
    await write(town, change(None, first), change(first, second), change(None, walk(2, JIRO)))
    await write(town, change(walk(2, JIRO), None))
    before = await town.instances([first.id], None, TemporalQuery())
    await here.close()
    town = await here.town()
    assert town.peek(first.id) == second
    assert await town.seal_what_was_there(NOW + timedelta(hours=1)) == 2
    assert await town.seal_what_was_there(NOW + timedelta(hours=2)) == 0
    for number in (1, 2):
        for one in await town.at_rest.instances([f"urn:ngsi-ld:Walk:{number}"], None, TemporalQuery()):
            assert is_sealed(one.value) or one.deleted_at is not None
    held = town.at_rest.peek(first.id)
    assert held is not None
    assert all(is_sealed(one) for instances in held.attributes.values() for one in instances)
    assert town.peek(first.id) == second
    assert await town.instances([first.id], None, TemporalQuery()) == before
    assert await since(town) == {MARKS[0].id: NOW + timedelta(hours=1)}
    await here.close()
    town = await here.town()
    assert await town.seal_what_was_there(NOW) == 0
    assert town.peek(first.id) == second
    here.file.destroy(here.file.find(HANA))
    town.forget()
    assert await town.instances([first.id], None, TemporalQuery()) == []


def test_a_destroyed_key_is_in_no_byte_of_its_file(tmp_path: Path) -> None:
    made = PersonKeyFile(tmp_path / "town.persons", True)
    numbers = [made.obtain(person, WALK) for person in (HANA, JIRO)]
    keys = [made.key(number) for number in numbers]
    assert all(keys)
    assert len(set(keys)) == 2
    assert made.destroy([numbers[0]]) == 1
    assert made.key(numbers[0]) is None
    assert made.find(HANA) == []
    content = made.path.read_bytes()
    assert keys[0] not in content
    assert keys[1] in content
    assert b"Person" not in content
    made.close()
    again = PersonKeyFile(made.path, True)
    assert again.key(numbers[0]) is None
    assert again.key(numbers[1]) == keys[1]
    assert again.obtain(HANA, WALK) not in numbers
    again.close()
