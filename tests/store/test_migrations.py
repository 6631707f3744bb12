"""A file of an earlier form is brought to the present one with everything in it."""

from dataclasses import replace
from pathlib import Path

import orjson

from machinami.store.settings import StoreSettings
from machinami.store.sqlite.compile import Part
from machinami.store.sqlite.connection import migrate, migrations, open_connection
from machinami.store.sqlite.log import read_log
from machinami.store.sqlite.statements import SQL


def test_places_and_entities_with_several_values_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    connection = open_connection(path, StoreSettings(), write=True)
    migrate(connection, path, migrations()[:1])
    connection.execute("INSERT INTO place VALUES (256, 138.2, 138.4, 34.8, 34.9, 7)")
    connection.executemany(
        "INSERT INTO value VALUES (?, ?, ?)", [(3, 1.0, 10), (3, 2.0, 10), (3, 1.0, 11), (4, "a", 10), (4, 5.0, 11)]
    )

    migrate(connection, path, migrations())

    assert connection.execute("SELECT attribute, key FROM value WHERE attribute < 0").fetchall() == [(-3, 10)]
    here, elsewhere = (138.3, 138.3, 34.85, 34.85), (139.3, 139.3, 34.85, 34.85)
    parts = [Part(SQL.keys_of_place, *asked) for asked in ((here, 7), (here, 8), (elsewhere, 7))]
    assert [connection.execute(part.sql, part.between(-1, 10)).fetchall() for part in parts] == [[(1,)], [], []]
    later = Part(SQL.keys_of_place, here, 7)
    assert connection.execute(later.sql, later.between(1, 10)).fetchall() == []
    connection.close()


def test_the_log_tells_the_entity_before_a_change_as_it_did(tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    connection = open_connection(path, StoreSettings(), write=True)
    migrate(connection, path, migrations()[:3])
    same, old, new = ([{"k": "P", "v": value}] for value in ("same", 1.0, 2.5))
    head = {"i": "urn:x:1", "t": ["T"]}
    told = {"d": [["level", 0, 0]], "at": "2026-06-30T09:00:00.000000Z", "by": "somebody"}
    created = {"v": "c", **head, "a": {**head, "a": {"level": old, "same": same}}, **told, "d": [["level", None, 0]]}
    updated = {
        "v": "u",
        **head,
        "b": {**head, "m": "2026-06-30T08:00:00.000000Z", "a": {"level": old, "same": 0}},
        "a": {**head, "a": {"level": new, "same": same}},
        **told,
    }
    rows = [(1, orjson.dumps(created)), (2, orjson.dumps(updated))]
    connection.executemany("INSERT INTO log (seq, doc) VALUES (?, ?)", rows)

    migrate(connection, path, migrations())

    first, second = read_log(connection, 0)
    assert first.before is None
    assert second.before is not None
    assert second.after is not None
    assert {name: one.value for name, (one,) in second.before.attributes.items()} == {"level": 1.0, "same": "same"}
    assert second.before.modified_at is not None
    assert second.attributes[0].after is second.after.attributes["level"][0]
    assert orjson.loads(connection.execute("SELECT doc FROM log WHERE seq = 2").fetchall()[0][0]).keys() == {
        *updated.keys() - {"b"}
    }
    connection.close()


def test_a_log_goes_on_in_the_present_form_where_an_earlier_one_left_off(tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    connection = open_connection(path, StoreSettings(), write=True)
    migrate(connection, path, migrations()[:8])
    at, head = "2026-06-30T09:00:00.000000Z", {"i": "urn:x:1", "t": ["T"]}
    level = {"k": "P", "v": 1.5, "u": "MTR", "o": at, "c": at, "m": at}
    earlier = {"a": {**head, "c": at, "m": at, "a": {"level": [level]}}, "v": "c", **head, "at": at, "by": "somebody"}
    connection.execute("INSERT INTO log (seq, doc) VALUES (1, ?)", (orjson.dumps(earlier),))

    migrate(connection, path, migrations())
    shape = orjson.dumps([["T"], [["level", "Property", "MTR", True]]]).decode()
    connection.execute(SQL.add_shape, (1, shape))
    values = {"l": [1, [1.5, at], None, None], "v": "c", "i": "urn:x:1", "at": at, "by": "somebody"}
    connection.execute("INSERT INTO log (seq, doc) VALUES (2, ?)", (orjson.dumps(values),))

    first, second = read_log(connection, 0)
    assert first.after is not None
    assert first.after.attributes["level"][0].value == 1.5
    assert repr(replace(second, seq=1)) == repr(first)
    connection.close()


def test_attributes_that_expire_are_known_by_when(tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    connection = open_connection(path, StoreSettings(), write=True)
    migrate(connection, path, migrations()[:5])
    durable, passing = {"k": "P", "v": 1}, {"k": "P", "v": 2, "d": "urn:d", "x": "1970-01-01T00:01:00.000007Z"}
    doc = orjson.dumps({"i": "urn:x:1", "t": ["T"], "a": {"a.b": [durable, passing], "level": [durable]}})
    connection.execute("INSERT INTO entity VALUES (9, 'urn:x:1', 9, 0, jsonb(?))", (doc,))

    migrate(connection, path, migrations())

    assert connection.execute("SELECT at, key FROM expiring").fetchall() == [(60_000_007, 9)]
    connection.close()


def test_what_is_in_use_is_counted_once_when_the_file_is_brought_to_the_present_form(tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    connection = open_connection(path, StoreSettings(), write=True)
    migrate(connection, path, migrations()[:6])
    connection.executemany("INSERT INTO name VALUES (?, ?)", [(1, "Gauge"), (2, "level"), (3, "owner")])
    docs = [
        {"level": [{"k": "P", "v": 1}, {"k": "P", "v": 2, "d": "urn:x:d"}]},
        {"owner": [{"k": "R", "v": "urn:x:o"}]},
    ]
    for key, attributes in enumerate([*docs, {}]):
        gone = int(not attributes)
        doc = orjson.dumps({"i": f"urn:x:{key}", "t": ["Gauge"], "a": attributes})
        connection.execute("INSERT INTO entity VALUES (?, ?, ?, ?, jsonb(?))", (key, f"urn:x:{key}", key, gone, doc))
        connection.execute(SQL.add_type, (1, gone, key))

    migrate(connection, path, migrations())

    counted = sorted(connection.execute(SQL.tallies))
    assert counted == [(0, 0, "live", 2), (1, 0, "gone", 1), (1, 0, "live", 2), (1, 2, "P", 1), (1, 3, "R", 1)]
    assert counted == sorted(connection.execute(SQL.tallies_made_again))
    connection.close()
