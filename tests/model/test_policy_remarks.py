"""Is it said which rows are needless, and which reach nobody? And does a needless row change nothing?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.entity import Entity
from machinami.model.explaining import Lack, Matter, explain, principal_named
from machinami.model.opening import usual_rows
from machinami.model.policy import Deed, Row, Whom, faults, permits
from machinami.model.policy_remarks import Present, covers, remarks
from machinami.model.principal import ANONYMOUS, Principal

READ = frozenset({Deed.READ})
HERE = Present({"urn:person:1"}, {"resident", "officer"}, {"urn:a", "urn:b"})
AREA = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}


def row(row_id: str, who: str = "resident", deeds: frozenset[Deed] = READ, types: tuple[str, ...] = (), **more: object):
    whom = Whom.EVERYONE if who == "everyone" else Whom.ROLE
    return Row(row_id, whom, "" if who == "everyone" else who, deeds, types, **more)  # type: ignore[arg-type]


def test_a_row_that_another_one_contains_is_said_to_repeat_it() -> None:
    found = remarks([row("wide"), row("narrow", types=("urn:a",))], HERE)
    assert found["narrow"].repeats is not None
    assert found["narrow"].repeats.id == "wide"
    assert "wide" not in found


def test_of_two_rows_that_say_the_same_the_later_one_is_needless() -> None:
    found = remarks([row("first", types=("urn:a",)), row("second", types=("urn:a",))], HERE)
    assert list(found) == ["second"]


def test_a_row_for_a_role_that_nobody_has_reaches_nobody() -> None:
    found = remarks([row("mayor", who="mayor"), row("everyone", who="everyone")], HERE)
    assert found["mayor"].unreached
    assert "everyone" not in found


def test_a_row_about_what_is_not_there_says_so() -> None:
    assert remarks([row("none", types=("urn:c",))], HERE)["none"].empty == ("urn:c",)


TYPES = st.sets(st.sampled_from(["urn:a", "urn:b"])).map(lambda some: tuple(sorted(some)))
NAMES = st.sets(st.sampled_from(["urn:x", "urn:y"])).map(lambda some: tuple(sorted(some)))
ROWS = st.builds(
    row,
    st.just("row"),
    st.sampled_from(["everyone", "resident", "officer"]),
    st.sets(st.sampled_from(list(Deed)), min_size=1).map(frozenset),
    TYPES,
    attributes=NAMES,
    scopes=st.sampled_from([(), ("/North",), ("/North/#",)]),
    area=st.sampled_from([None, AREA]),
    purpose=st.sampled_from([None, "care"]),
    authentication_assurance=st.integers(0, 2),
)
ASKING = st.builds(
    Principal,
    st.just("urn:somebody"),
    st.sets(st.sampled_from(["resident", "officer"])).map(frozenset),
    st.sampled_from([None, "care"]),
    authentication_assurance=st.integers(0, 2),
)
ENTITIES = st.builds(
    lambda kind, scopes: Entity("urn:e", (kind,), scopes=scopes),
    st.sampled_from(["urn:a", "urn:b"]),
    st.sampled_from([(), ("/North",), ("/South",)]),
)


@given(ROWS, ROWS, ASKING, st.sampled_from(list(Deed)), ENTITIES)
def test_a_row_that_is_covered_changes_nothing(
    wider: Row, narrower: Row, by: Principal, deed: Deed, entity: Entity
) -> None:
    if covers(wider, narrower):
        with_both = permits([wider, narrower], by, deed, entity)
        alone = permits([wider], by, deed, entity)
        assert with_both == alone or (with_both is not None and alone is not None and alone.holds(with_both.names))


@given(st.lists(ROWS, max_size=4), st.sampled_from(list(Deed)), ENTITIES)
def test_what_is_explained_of_an_entity_is_what_is_permitted(rows: list[Row], deed: Deed, entity: Entity) -> None:
    who = principal_named("role:resident")
    told = explain(rows, who, deed, Matter.of(entity))
    assert (told.row is not None) == (permits(rows, who, deed, entity) is not None)
    assert not told.partly


@pytest.mark.parametrize(
    ("scopes", "allowed", "partly", "lack"),
    [(None, True, True, None), (("/North/1",), True, False, None), (("/South",), False, False, Lack.SCOPE)],
)
def test_a_scope_decides_where_it_is_said(
    scopes: tuple[str, ...] | None, allowed: bool, partly: bool, lack: Lack | None
) -> None:
    rows = [row("north", types=("urn:a",), scopes=("/North/#",))]
    told = explain(rows, principal_named("role:resident"), Deed.READ, Matter(("urn:a",), scopes=scopes))
    assert (told.row is not None, told.partly) == (allowed, partly)
    assert [one for _, one in told.lacking] == ([] if lack is None else [lack])


def test_what_a_town_usually_opens_is_for_everyone_to_read_and_no_more() -> None:
    for one in usual_rows():
        assert (one.whom, one.deeds) == (Whom.EVERYONE, READ)
        assert one.types
        assert faults(one) is None
        assert permits([one], ANONYMOUS, Deed.READ, Entity("urn:e", one.types)) is not None
