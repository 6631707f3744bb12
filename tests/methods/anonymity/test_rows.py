"""Rows of persons are k-anonymous and l-diverse whatever they hold, and no coarser than they must be."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.methods.anonymity.ladders import PLAIN, Ladder, faults
from machinami.methods.anonymity.lattice import generalise
from machinami.methods.anonymity.made import Unit
from machinami.methods.anonymity.making import make_rows
from machinami.methods.anonymity.measures import measure
from machinami.methods.anonymity.plan import Column, Method, Part, Plan
from machinami.methods.anonymity.scoring import as_checks, score

BANDS = Ladder(widths=(5, 10, 20))
TREE = Ladder(parents=((("a", "x"), ("b", "x"), ("c", "y")),))
rows = st.lists(
    st.tuples(st.integers(0, 99), st.sampled_from("abc"), st.sampled_from(["flu", "cold", "none"])), max_size=80
)


@settings(max_examples=100, deadline=None)
@given(rows, st.integers(2, 8), st.integers(1, 3), st.sampled_from([0.0, 0.1, 0.5]))
def test_every_row_is_shared_by_k_people_of_l_kinds(
    people: list[tuple[int, str, str]],
    k: int,
    l: int,  # noqa: E741  # the field's own name
    hold_back: float,
) -> None:
    kinds = [illness for _, _, illness in people]
    found = generalise([row[:2] for row in people], (BANDS, TREE), k, l, kinds, hold_back)
    if found is None:  # then even saying nothing of anybody is not enough
        assert len(people) < k or len(set(kinds)) < l
        return
    sizes = Counter(key for key in found.keys if key is not None)
    held: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for key, kind in zip(found.keys, kinds, strict=True):
        if key is not None:
            held[key].add(kind)
    assert all(size >= k for size in sizes.values())
    assert all(len(some) >= l for some in held.values())
    assert found.held_back <= hold_back * len(people)
    assert 0 <= found.loss <= 1


@settings(max_examples=100, deadline=None)
@given(rows, st.integers(3, 8))
def test_a_release_of_rows_says_the_k_that_its_table_has(people: list[tuple[int, str, str]], k: int) -> None:
    columns = (Column("age", Part.KNOWN, BANDS), Column("place", Part.KNOWN, TREE), Column("illness", Part.SENSITIVE))
    made = make_rows(Plan(columns, Method.ROWS, k), [Unit(str(n), row) for n, row in enumerate(people)], "always")
    if made.is_safe:
        assert measure([tuple(map(str, row[:2])) for row in made.rows]).k >= k
        assert len(made.rows) + made.withheld == len(people)


def test_what_is_fine_enough_already_loses_nothing() -> None:
    found = generalise([("a",)] * 5 + [("b",)] * 5, (PLAIN,), 5)
    assert found is not None
    assert (found.steps, found.loss, found.held_back) == ((0,), 0.0, 0)


def test_a_population_makes_it_harder_to_find_somebody() -> None:
    found = measure([("a",), ("b",), ("b",)], ["flu", "flu", "cold"], [("a",)] * 4 + [("b",)] * 8)
    assert (found.k, found.singles, found.prosecutor, found.journalist) == (1, 1, 1.0, 0.25)
    assert (found.l, round(found.closeness or 0, 3)) == (1, 0.333)


@pytest.mark.parametrize(
    ("ladder", "said"),
    [
        (Ladder(widths=(10, 15)), "no multiple"),
        (Ladder(widths=(-1,)), "above 0"),
        (Ladder(widths=(1,), grains=("day",)), "one of these only"),
        (Ladder(grains=("day", "hour")), "fine to coarse"),
        (Ladder(grains=("week",)), "a grain of time is one of"),
    ],
)
def test_a_ladder_whose_steps_do_not_nest_is_refused(ladder: Ladder, said: str) -> None:
    assert said in (faults(ladder) or "")


def test_labels_get_coarser_step_by_step() -> None:
    assert [BANDS.label(67, step) for step in range(5)] == ["67", "65-69", "60-69", "60-79", "*"]
    assert [TREE.label("b", step) for step in range(3)] == ["b", "x", "*"]
    assert Ladder(grains=("hour", "month")).label("2026-06-10T08:30:00+09:00", 1) == "2026-06-10T08"
    assert BANDS.label(None, 1) == BANDS.label("nobody knows", 1) == "?"


def test_a_table_is_scored_before_and_after() -> None:
    found = score(["age"], [[str(age)] for age in range(20, 60)], {"age": (10.0, 20.0)}, 10, 1, None, 0.0)
    checks = {one["name"]: one for one in as_checks(found, 10, 1)}
    assert (checks["k before"]["value"], checks["k before"]["passed"]) == (1, False)
    assert (checks["k after"]["value"], checks["k after"]["passed"]) == (10, True)
    assert checks["step of column 1"]["value"] == 1
