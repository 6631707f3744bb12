"""Likeness of short texts: what is the same is found, what is not stays apart, and order does not matter."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.likeness import alike, folded, groups, vectors

SAID = [
    "バスの本数が少なくて病院に行けない",
    "病院へ行くバスの本数が少ない",
    "街灯が暗くて夜道がこわい",
    "夜道の街灯が暗い",
    "観光客向けの駐車場がほしい",
]
texts = st.lists(st.text(max_size=30), max_size=12)


def test_voices_that_say_the_same_come_together_and_others_stay_alone() -> None:
    assert sorted(groups(SAID, 0.2)) == [(0, 1), (2, 3)]


def test_nothing_is_alike_where_nothing_is_shared() -> None:
    assert alike(["あいう", "えおか"], 0.01) == {}


def test_width_case_and_punctuation_tell_no_texts_apart() -> None:
    assert folded("Ｗｉ－Ｆｉ が、ほしい！") == folded("wi-fiがほしい")
    assert alike(["ＡＥＤ の 場所", "aedの場所。"], 0.99)[0, 1] == pytest.approx(1)


def test_one_letter_and_no_letter_are_texts_too() -> None:
    assert alike(["水", "水", "", "！"], 0.5) == {(0, 1): pytest.approx(1)}


def test_a_chain_of_neighbours_does_not_bind_its_ends() -> None:
    chain = ["abcdef", "defghi", "ghijkl"]
    pairs = alike(chain, 0.05)
    assert (0, 1) in pairs
    assert (1, 2) in pairs
    assert (0, 2) not in pairs
    assert all(len(group) == 2 for group in groups(chain, min(pairs.values())))


@given(texts)
def test_every_vector_has_length_one_or_nothing(said: list[str]) -> None:
    for vector in vectors(said):
        assert not vector or math.isclose(sum(w * w for w in vector.values()), 1)


@given(texts, st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_no_likeness(said: list[str], random: object) -> None:
    order = list(range(len(said)))
    random.shuffle(order)  # type: ignore[attr-defined]
    before = alike(said, 0.1)
    after = alike([said[i] for i in order], 0.1)
    again = {(min(order[i], order[j]), max(order[i], order[j])): c for (i, j), c in after.items()}
    assert set(again) == set(before)
    assert all(math.isclose(again[pair], cosine) for pair, cosine in before.items())


@given(texts)
def test_no_text_is_in_two_groups_and_every_likeness_lies_between_nothing_and_one(said: list[str]) -> None:
    found = groups(said, 0.3)
    members = [number for group in found for number in group]
    assert len(members) == len(set(members))
    assert all(0.3 <= cosine <= 1 for cosine in alike(said, 0.3).values())


def linked(said: list[str], least: float) -> list[tuple[int, ...]]:
    """The same grouping told plainly: two groups join where all pairs between them are alike enough on average."""
    pairs = alike(said, least)
    held = [[number] for number in range(len(said))]
    for (one, other), _ in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])):
        a = next(group for group in held if one in group)
        b = next(group for group in held if other in group)
        total = math.fsum(pairs.get((min(i, j), max(i, j)), 0.0) for i in a for j in b)
        if a is not b and total / (len(a) * len(b)) >= least:
            a += b
            held.remove(b)
    return sorted(tuple(sorted(group)) for group in held if len(group) > 1)


@given(st.lists(st.text(alphabet="abcd", min_size=2, max_size=8), max_size=14))
def test_groups_are_those_of_average_linkage(said: list[str]) -> None:
    assert sorted(groups(said, 0.3137)) == linked(said, 0.3137)
