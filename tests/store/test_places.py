"""Places are found in order of creation, however many there are."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.store.settings import StoreSettings
from machinami.store.sqlite.boxes import level
from machinami.store.sqlite.compile import Part, Plan
from machinami.store.sqlite.connection import migrate, migrations, open_connection
from machinami.store.sqlite.statements import SQL

_ATTRIBUTES = (3, 4, 900)
_LAST = 30_000
_PLACES = {
    key: (draw.uniform(-1, 1), draw.uniform(-1, 1), draw.choice(_ATTRIBUTES))
    for draw in [Random(3)]
    for key in draw.sample(range(1, _LAST + 1), 12_000)
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    path: Path = tmp_path_factory.mktemp("places") / "town.db"
    made = open_connection(path, StoreSettings(), write=True)
    migrate(made, path, migrations())
    with made:
        made.executemany(
            SQL.add_place, [(key << 8, x, y, x, y, level(number, key)) for key, (x, y, number) in _PLACES.items()]
        )
    yield made
    made.close()


@settings(max_examples=60)
@given(
    st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    st.floats(0.01, 2),
    st.sampled_from(_ATTRIBUTES),
    st.integers(-1, _LAST),
    st.integers(1, 3_000),
    st.booleans(),
)
def test_the_next_places_after_a_key_are_those_that_lie_there(
    connection: apsw.Connection,
    corner: tuple[float, float],
    width: float,
    attribute: int,
    after: int,
    limit: int,
    first_only: bool,
) -> None:
    west, south = corner
    part = Part(SQL.keys_of_place, (west + width, west, south + width, south), attribute)
    found, more = Plan((part,), last=_LAST if first_only else None).keys(connection, after, limit)
    edge = 1e-6
    inside = [
        key
        for key, (x, y, number) in sorted(_PLACES.items())
        if number == attribute and west <= x <= west + width and south <= y <= south + width
    ]
    expected = [key for key in inside if key > after][:limit]
    surplus = [_PLACES[key] for key in set(found) - set(inside)]
    assert found == sorted(found)
    assert set(expected) - set(found) <= ({key for key in expected if key > found[-1]} if more else set())
    assert all(west - edge <= x <= west + width + edge and south - edge <= y <= south + width + edge
               for x, y, _ in surplus)  # fmt: skip
    assert more == (len(found) == limit)


def test_the_level_of_a_box_rises_with_the_key_and_ends_where_the_next_attribute_begins() -> None:
    levels = [level(7, key) for key in (-1, 0, 1, 5_000, 1 << 23, 1 << 24, 1 << 60)]
    assert levels == sorted(levels)
    assert levels[0] == levels[1] == level(6, 1 << 60)
