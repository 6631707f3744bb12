"""A file of an earlier form is brought to the present one with everything in it."""

from pathlib import Path

from machinami.store.settings import StoreSettings
from machinami.store.sqlite.compile import Part
from machinami.store.sqlite.connection import migrate, migrations, open_connection
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
