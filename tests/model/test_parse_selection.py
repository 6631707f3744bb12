"""Which types, scopes and ids does a text name?"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.context import core
from machinami.model.parse import parse_id_pattern, parse_ids, parse_scope, parse_types
from machinami.model.query import (
    ScopeAll,
    ScopeAny,
    ScopePattern,
    ScopeSelection,
    TypeAll,
    TypeAny,
    TypeIs,
    TypeSelection,
)

CONTEXT = core()
DEFAULT = "https://uri.etsi.org/ngsi-ld/default-context/"


def is_a(name: str) -> TypeIs:
    return TypeIs(DEFAULT + name)


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("Building", is_a("Building")),
        ("Building|House", TypeAny((is_a("Building"), is_a("House")))),
        ("Building,House", TypeAny((is_a("Building"), is_a("House")))),
        ("(Home;Vehicle)", TypeAll((is_a("Home"), is_a("Vehicle")))),
        ("(Home;Vehicle),Motorhome", TypeAny((TypeAll((is_a("Home"), is_a("Vehicle"))), is_a("Motorhome")))),
        ("https://example.org/a#B", TypeIs("https://example.org/a#B")),
        ("<https://example.org/a,B>", TypeIs("https://example.org/a,B")),
        ("河川", is_a("河川")),
        ("*", None),
    ],
)
def test_types_are_read_as_the_clause_says(text: str, selection: TypeSelection | None) -> None:
    assert parse_types(text, CONTEXT) == selection


@pytest.mark.parametrize(
    ("text", "position"), [("", 1), ("a,,b", 3), ("(a;b", 5), ("a)", 2), ("5a", 1), ("a b", 3), ("*,a", 1)]
)
def test_a_wrong_list_of_types_is_told_with_the_place(text: str, position: int) -> None:
    with pytest.raises(BadRequestData) as caught:
        parse_types(text, CONTEXT)
    assert caught.value.facts["position"] == position


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("/Madrid", ScopePattern(("Madrid",))),
        ("Madrid/Gardens", ScopePattern(("Madrid", "Gardens"))),
        ("/Madrid/Gardens/#", ScopePattern(("Madrid", "Gardens", "#"))),
        ("/Madrid/+/ParqueNorte", ScopePattern(("Madrid", "+", "ParqueNorte"))),
        ("/#", ScopePattern(("#",))),
        ("/A;/B", ScopeAll((ScopePattern(("A",)), ScopePattern(("B",))))),
        ("(/A/B;/C)|D", ScopeAny((ScopeAll((ScopePattern(("A", "B")), ScopePattern(("C",)))), ScopePattern(("D",))))),
        ("/A,/B", ScopeAny((ScopePattern(("A",)), ScopePattern(("B",))))),
    ],
)
def test_scopes_are_read_as_the_clause_says(text: str, selection: ScopeSelection) -> None:
    assert parse_scope(text) == selection


@pytest.mark.parametrize(
    ("text", "position"), [("", 1), ("/", 2), ("/A//B", 4), ("/A/#/B", 5), ("/9", 2), ("/A-B", 3), ("(/A", 4)]
)
def test_a_wrong_scope_is_told_with_the_place(text: str, position: int) -> None:
    with pytest.raises(BadRequestData) as caught:
        parse_scope(text)
    assert caught.value.facts["position"] == position


def test_ids_are_uris() -> None:
    assert parse_ids("urn:a:1, urn:a:2") == ("urn:a:1", "urn:a:2")
    with pytest.raises(BadRequestData) as caught:
        parse_ids("urn:a:1,nothing")
    assert caught.value.facts["position"] == 9


def test_an_id_pattern_is_a_regular_expression() -> None:
    assert parse_id_pattern("^urn:.*:1$") == "^urn:.*:1$"
    with pytest.raises(BadRequestData, match="idPattern"):
        parse_id_pattern("urn:(")


@given(st.text(alphabet="aB/#+;,|()<>:* 5") | st.text())
def test_any_text_is_read_or_refused_as_bad_data(text: str) -> None:
    for read in (parse_scope, parse_ids, parse_id_pattern, lambda t: parse_types(t, CONTEXT)):
        with suppress(BadRequestData):
            read(text)
