"""Rows that go into the history together are the rows that each change has by itself."""

from typing import Any

import apsw
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.instant import to_micros
from machinami.model.attribute import Kind
from machinami.model.document import moment_from_text
from machinami.model.plain import Form, Plain, form_of, shape_of
from machinami.store.sqlite.connection import migrations
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.pieces import History
from machinami.store.sqlite.waiting import Waiting, rows_of, settle

ALL = "SELECT * FROM history ORDER BY subject, attribute, time, serial"
NAMED = [form_of("rain", Kind.PROPERTY, "MM", True), form_of("level", Kind.PROPERTY, None, False)]
FORMS = [*NAMED, form_of("site", Kind.RELATIONSHIP, None, False), form_of("place", Kind.GEO, None, True)]

minutes = st.integers(0, 59).map(lambda minute: f"2026-06-30T09:{minute:02d}:00.000000Z")
readings = st.sampled_from([1, 2.5, -0.0, 1e300, 10**18, 1 << 63, -(1 << 63), True, "open", '"%b"'])
numbers = st.floats(-9, 9) | st.integers(-9, 9)
values = {
    Kind.RELATIONSHIP: st.sampled_from(["urn:x:1", "urn:x:2"]),
    Kind.GEO: st.builds(lambda lon: {"type": "Point", "coordinates": [lon, 35.2]}, st.integers(130, 140)),
}


@st.composite
def changes(draw: st.DrawFn) -> list[Waiting]:
    """Changes of some entities: of plain attributes, most of one shape, and of others."""
    shapes = [tuple(FORMS), tuple(NAMED[:1]), tuple(NAMED[::-1])]
    found: list[Waiting] = []
    for seq in range(1, draw(st.integers(0, 30)) + 1):
        told: Plain | History
        if draw(st.integers(0, 19)) == 0:
            time = to_micros(moment_from_text(draw(minutes)))
            told = [("level", time, (0, 0, time, time, draw(st.integers(0, 9)), None))]
        else:
            forms = shapes[draw(st.sampled_from([0, 0, 0, 0, 1, 2]))]
            shape = shape_of(forms)
            made = draw(st.one_of(minutes, st.tuples(*[minutes for _ in forms])))
            told = Plain(shape, tuple(draw(_fields(forms))), made, draw(minutes))
        found.append((draw(st.integers(1, 3)), seq << 20, told))
    return found


@st.composite
def _fields(draw: st.DrawFn, forms: tuple[Form, ...]) -> list[Any]:
    fields: list[Any] = []
    for form in forms:
        fields.append(draw(values.get(form.kind, numbers if draw(st.booleans()) else readings)))
        if form.timed:
            fields.append(draw(minutes))
    return fields


def _file() -> apsw.Connection:
    file = apsw.Connection(":memory:")
    for step in migrations():
        file.execute(step).fetchall()
    return file


@given(changes())
def test_many_changes_settle_as_each_of_them_would(waiting: list[Waiting]) -> None:
    together, apart = _file(), _file()
    names = Names(together)
    settle(together, waiting, names, 7)
    for one in waiting:
        for row in rows_of(one, names):
            apart.execute(f"INSERT INTO history VALUES ({', '.join('?' * len(row))})", row)
    assert repr(together.execute(ALL).fetchall()) == repr(apart.execute(ALL).fetchall())
    assert together.execute("SELECT seq FROM settled").fetchall() == [(7,)]
