"""In which order do entities come?"""

from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.generated import seeds, some_entities

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute, Kind
from machinami.model.collation import check_collation, collation_key
from machinami.model.context import core
from machinami.model.entity import Entity
from machinami.model.ordering import arrange, compare
from machinami.model.parse import parse_order
from machinami.store.generated_queries import orders

CONTEXT = core()
DEFAULT = "https://uri.etsi.org/ngsi-ld/default-context/"
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)

IN_ORDER: list[Any] = [
    -1,
    2.5,
    10,
    "A",
    "á",
    "b",
    {"x": 1},
    [1, 2],
    False,
    True,
    "09:00:00Z",
    "10:00:00Z",
    "2026-06-29",
    "2026-06-30",
    "2026-06-30T09:00:00Z",
    "2026-06-30T18:00:01+09:00",
    None,
]


def town_of(values: list[Any], kind: Kind = Kind.PROPERTY) -> list[Entity]:
    """One entity for each value, and a last one that has none."""
    made = [
        Entity(f"urn:x:{n}", (DEFAULT + "T",), {DEFAULT + "a": (Attribute(kind, value),)})
        for n, value in enumerate(values)
    ]
    return [*made, Entity("urn:x:none", (DEFAULT + "T",))]


def arranged(values: list[Any], order: str, collation: str | None = None, kind: Kind = Kind.PROPERTY) -> list[Any]:
    town = town_of(values, kind)
    keys = parse_order(order, CONTEXT, collation, "[0,0]")
    found = arrange(reversed(town), keys, NOW)
    return [(one.get(DEFAULT + "a").value if one.attributes else "absent") for one in found]  # type: ignore[union-attr]


def test_types_of_values_come_in_the_order_of_the_clause() -> None:
    assert arranged(IN_ORDER, "a") == [*IN_ORDER, "absent"]


def test_null_and_absent_come_last_in_a_descending_order_too() -> None:
    assert arranged([1, "x", None, 2], "a;desc") == ["x", 2, 1, None, "absent"]


def test_places_come_by_distance_and_those_without_one_come_last() -> None:
    points = [{"type": "Point", "coordinates": [x, 0]} for x in (3, 1, 2)]
    xs = [p["coordinates"][0] if p != "absent" else p for p in arranged(points, "a;dist-asc", kind=Kind.GEO)]
    assert xs == [1, 2, 3, "absent"]
    xs = [p["coordinates"][0] if p != "absent" else p for p in arranged(points, "a;dist-desc", kind=Kind.GEO)]
    assert xs == [3, 2, 1, "absent"]


def test_what_has_no_place_comes_behind_what_has_one() -> None:
    place = {"type": "Point", "coordinates": [9, 0]}
    town = [*town_of([5, None]), *town_of([place], Kind.GEO)[:1]]
    for direction in ("asc", "desc"):
        found = arrange(town, parse_order(f"a;dist-{direction}", CONTEXT, None, "[0,0]"), NOW)
        assert [one.get(DEFAULT + "a") and one.get(DEFAULT + "a").value for one in found[:2]] == [place, 5]  # type: ignore[union-attr]
        assert found[-1].id == "urn:x:none"


def test_a_single_type_is_ordered_as_a_text() -> None:
    town = [Entity("urn:x:1", (DEFAULT + "b",)), Entity("urn:x:2", (DEFAULT + "A",))]
    assert [one.id for one in arrange(town, parse_order("type", CONTEXT), NOW)] == ["urn:x:2", "urn:x:1"]


def test_the_second_key_decides_where_the_first_does_not() -> None:
    town = [
        Entity(f"urn:x:{n}", (DEFAULT + "T",), {DEFAULT + "a": (Attribute(Kind.PROPERTY, n % 2),)}) for n in range(4)
    ]
    found = arrange(town, parse_order("a,id;desc", CONTEXT), NOW)
    assert [one.id[-1] for one in found] == ["2", "0", "3", "1"]


def test_a_collation_sorts_as_a_reader_does() -> None:
    assert arranged(["b", "á", "A", "a"], "a", "und") == ["a", "A", "á", "b", "absent"]
    assert arranged(["b", "á", "A", "a"], "a") == ["a", "A", "á", "b", "absent"]  # the root is the default (4.23.1)
    assert arranged(["No 10", "No 9"], "a", "und-u-kn-true") == ["No 9", "No 10", "absent"]
    assert collation_key("Á", "und-u-ks-level1") == collation_key("a", "und-u-ks-level1")
    assert collation_key("Á", "und-u-ks-level2") == collation_key("á", "und-u-ks-level2")
    assert collation_key("Á", "und") != collation_key("á", "und")


@pytest.mark.parametrize("tag", ["!!nope", "", "d", "de_DE", 5])
def test_a_malformed_collation_is_refused(tag: object) -> None:
    with pytest.raises(BadRequestData, match="is not a collation"):
        check_collation(tag)


def test_the_collations_of_the_clause_are_accepted() -> None:
    for tag in ("und", "de-u-co-phonebk", "und-u-ks-identic"):
        assert check_collation(tag) == tag


@given(some_entities(), seeds)
def test_the_order_is_total_and_arranging_follows_it(town: list[Entity], seed: int) -> None:
    from_random = orders(Random(seed))
    found = arrange(town, from_random, NOW)
    for before, after in pairwise(found):
        assert compare(from_random, before, after, NOW) <= 0
        assert compare(from_random, after, before, NOW) >= 0
    assert sorted(one.id for one in found) == sorted(one.id for one in town)


@given(st.text(), st.text(), st.text(), st.sampled_from(["und", "de-u-kn", "ja-u-ks-level1"]))
def test_a_collation_is_an_order(a: str, b: str, c: str, tag: str) -> None:
    one, two, three = sorted(collation_key(text, tag) for text in (a, b, c))
    assert one <= two <= three
    assert one <= three
