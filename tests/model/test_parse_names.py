"""Which attributes and orders does a text name?"""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.context import core
from machinami.model.parse import parse_names, parse_order, parse_projection
from machinami.model.query import Order, Path, Projection

CONTEXT = core()
DEFAULT = "https://uri.etsi.org/ngsi-ld/default-context/"
NGSI = "https://uri.etsi.org/ngsi-ld/"
ORIGIN = {"type": "Point", "coordinates": [8, 40]}


def path(*names: str, trail: tuple[str, ...] = ()) -> Path:
    return Path(tuple(DEFAULT + name for name in names), trail)


def test_names_are_expanded() -> None:
    assert parse_names("id,type,scope,waterLevel,location", CONTEXT) == (
        "@id",
        "@type",
        NGSI + "scope",
        DEFAULT + "waterLevel",
        NGSI + "location",
    )


def test_a_projection_may_reach_into_linked_entities() -> None:
    read = parse_projection("id|owner{name,works{title}},speed", CONTEXT)
    works = Projection(
        ((DEFAULT + "name", None), (DEFAULT + "works", Projection((("http://purl.org/dc/terms/title", None),))))
    )
    assert read == Projection((("@id", None), (DEFAULT + "owner", works), (DEFAULT + "speed", None)))
    assert read.names == ("@id", DEFAULT + "owner", DEFAULT + "speed")
    assert read.hops == 2
    assert parse_projection("name", CONTEXT).hops == 0


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("id;name", 3),
        ("id,at{name", 11),
        ("id,at{{name}", 7),
        ("id,,name", 4),
        ("id,at{,name}", 7),
        ("id,at{}", 7),
        ("a{" * 25, 43),
    ],
)
def test_a_wrong_projection_is_told_with_the_place(text: str, position: int) -> None:
    with pytest.raises(BadRequestData) as caught:
        parse_projection(text, CONTEXT)
    assert caught.value.facts["position"] == position


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("name", (Order(path("name")),)),
        ("name;asc,age;desc", (Order(path("name")), Order(path("age"), True))),
        ("address[city]", (Order(path("address", trail=("city",))),)),
        ("name.observedAt", (Order(Path((DEFAULT + "name", NGSI + "observedAt"))),)),
        ("id;desc", (Order(Path(("@id",)), True),)),
        ("createdAt", (Order(Path((NGSI + "createdAt",))),)),
    ],
)
def test_orders_are_read_as_the_clause_says(text: str, orders: tuple[Order, ...]) -> None:
    assert parse_order(text, CONTEXT) == tuple(replace(order, collation="und") for order in orders)


def test_an_order_by_distance_names_where_from() -> None:
    nearest = parse_order("location;dist-asc,name", CONTEXT, "und", "[8,40]")
    location = Path((NGSI + "location",))
    assert nearest == (Order(location, False, ORIGIN, "und"), Order(path("name"), collation="und"))
    line: dict[str, Any] = {"type": "LineString", "coordinates": [[8, 40], [9, 42]]}
    farthest = parse_order("location;dist-desc", CONTEXT, None, "[[8,40],[9,42]]", "LineString")
    assert farthest == (Order(location, True, line, "und"),)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("location;dist-asc",), "needs orderFrom"),
        (("name;up",), "asc, desc"),
        (("name,",), "attribute name"),
        (("name", "!!nope"), "collation"),
        (("name", None, "[8"), "JSON"),
        (("name", None, "[40,130]"), "longitude goes|did you mean"),
    ],
)
def test_a_wrong_order_is_told(arguments: tuple[Any, ...], said: str) -> None:
    text, *more = arguments
    with pytest.raises(BadRequestData, match=said):
        parse_order(text, CONTEXT, *more)


@given(st.text(alphabet="ab,;.[]{}*|-disct<>: ") | st.text())
def test_any_text_is_read_or_refused_as_bad_data(text: str) -> None:
    for read in (parse_names, parse_projection, parse_order):
        with suppress(BadRequestData):
            read(text, CONTEXT)


@pytest.mark.parametrize("iri", ["https://example.org/a.b#level", "urn:example:level"])
def test_a_whole_iri_needs_no_brackets_in_a_list_of_names(iri: str) -> None:
    assert parse_names(f"{iri},location", core()) == (iri, core().expand("location"))
