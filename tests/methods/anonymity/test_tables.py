"""Who works with what is published cannot find a group of fewer than k people in it, however they combine it."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.methods.anonymity.derivation import System, narrowed, smallest_group
from machinami.methods.anonymity.ladders import ANY
from machinami.methods.anonymity.made import Block, domain
from machinami.methods.anonymity.tables import guessed, is_under, margins_of, protected, small_group, usual_margins

ROOMS, AGES = ("A", "B", "C"), ("x", "y")


def rank(rows: Sequence[Sequence[Fraction]]) -> int:
    """The rank of a matrix, by elimination without any rounding."""
    left, found = [list(row) for row in rows], 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in left[found:] if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left.insert(found, pivot)
        for at, row in enumerate(left):
            if at != found and row[column]:
                factor = row[column] / pivot[column]
                left[at] = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        found += 1
    return found


def attacked(system: System) -> int | None:
    """The smallest group that follows from what is told: every set of parts is tried, and worked with exactly."""
    rows = [[Fraction(part in told) for part in range(len(system.counts))] for told in system.told]
    full = rank(rows)
    best = None
    for chosen in product((0, 1), repeat=len(system.counts)):
        people = sum(n for n, take in zip(system.counts, chosen, strict=True) if take)
        if people and (best is None or people < best) and rank([*rows, [Fraction(one) for one in chosen]]) == full:
            best = people
    return best


def block(name: str, cells: Sequence[tuple[str, ...]], columns: Sequence[Sequence[str]]) -> Block:
    """Everything there is to tell of some people."""
    every = domain(columns)
    told = dict.fromkeys([*every, *margins_of(every, len(columns), usual_margins(len(columns)))])
    return Block(name, {f"p{at}": cell for at, cell in enumerate(cells)}, tuple(told))


people = st.lists(st.tuples(st.sampled_from(ROOMS), st.sampled_from(AGES)), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=7),
    st.lists(st.frozensets(st.integers(0, 6), min_size=1), max_size=6),
)
def test_the_smallest_group_is_the_one_that_exact_attackers_find(counts: list[int], told: list[frozenset[int]]) -> None:
    sums = tuple(some for one in told if (some := frozenset(part for part in one if part < len(counts))))
    system = System(tuple(counts), sums)
    found = smallest_group(system)
    assert (None if found is None else found.count) == attacked(system)


@settings(max_examples=60, deadline=None)
@given(people, st.integers(3, 8))
def test_no_small_group_follows_from_a_protected_table(cells: list[tuple[str, str]], k: int) -> None:
    safe = protected(block("t", cells, (ROOMS, AGES)), k, 3)
    sizes = Counter(cells)
    parts = sorted(sizes)
    told = [frozenset(at for at, cell in enumerate(parts) if is_under(cell, key)) for key in safe.told]
    smallest = attacked(System(tuple(sizes[part] for part in parts), tuple(one for one in told if one)))
    assert smallest is None or smallest >= k


@settings(max_examples=60, deadline=None)
@given(people, st.integers(3, 8))
def test_what_is_held_back_stays_open_between_several_numbers(cells: list[tuple[str, str]], k: int) -> None:
    assert guessed([protected(block("t", cells, (ROOMS, AGES)), k, 3)], k, 3) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*(st.one_of(st.none(), st.sampled_from("ab")) for _ in range(3))), min_size=1, max_size=30),
    st.integers(3, 6),
)
def test_the_differences_of_three_releases_are_found_as_an_exact_attacker_finds_them(
    rows: list[tuple[str | None, ...]], k: int
) -> None:
    blocks = [
        Block(str(at), {f"p{n}": (row[at] or "",) for n, row in enumerate(rows) if row[at]}, (("a",), ("b",)))
        for at in range(3)
    ]
    sizes = Counter(row for row in rows if any(row))
    parts = sorted(sizes, key=repr)
    told = [frozenset(n for n, part in enumerate(parts) if part[at] == name) for at in range(3) for name in ("a", "b")]
    smallest = attacked(System(tuple(sizes[part] for part in parts), tuple(one for one in told if one)))
    found = small_group(blocks, k)
    assert (found is not None) == (smallest is not None and smallest < k)
    if found is not None:
        assert found.count == smallest


def test_a_person_who_joined_between_two_releases_is_found() -> None:
    before = Block("may", {f"p{n}": ("A",) for n in range(20)}, (("A",),))
    after = Block("june", {f"p{n}": ("A",) for n in range(21)}, (("A",),))
    found = small_group([before, after], 10)
    assert found is not None
    assert found.count == 1
    assert {name for name, _ in found.told} == {"may", "june"}


def test_one_held_back_cell_takes_another_with_it() -> None:
    cells = [("A", "x")] * 3 + [("A", "y")] * 12 + [("B", "x")] * 14 + [("B", "y")] * 16 + [("C", "x")] * 20
    safe = protected(block("t", cells + [("C", "y")] * 25, (ROOMS, AGES)), 10, 5)
    assert ("A", "x") in safe.silent
    assert ("A", "y") in safe.silent
    assert ("C", "y") in safe.told
    assert (ANY, ANY) in safe.told


def test_a_count_that_margins_pin_down_is_narrowed_to_one_number() -> None:
    system = System((3, 12), (frozenset((0, 1)), frozenset((1,))))
    assert [(one.low, one.high) for one in narrowed(system, 10)] == [(3, 3)]
