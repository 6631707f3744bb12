"""Does this entity match this query? The meaning of every query language, as sentences and as laws."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.generated import one_condition, one_query, some_entities

from machinami.model.attribute import Attribute, Kind
from machinami.model.context import core
from machinami.model.entity import Entity
from machinami.model.matching import holds, matches
from machinami.model.parse import parse_geo, parse_id_pattern, parse_q, parse_scope, parse_types
from machinami.model.query import (
    All,
    AnyOf,
    Compare,
    Condition,
    Exists,
    Literal,
    Missing,
    Operator,
    Query,
    Range,
)
from machinami.model.target import targets

CONTEXT = core()
DEFAULT = "https://uri.etsi.org/ngsi-ld/default-context/"
NGSI = "https://uri.etsi.org/ngsi-ld/"
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
RED = "http://example.com/red"
GREEN = "http://example.com/green"
BLACK = "http://example.com/black"


def entity(*instances: Attribute, name: str = "a", **members: Any) -> Entity:
    attributes = {DEFAULT + name: instances} if instances else {}
    return Entity("urn:x:1", (DEFAULT + "T",), attributes, **members)


def prop(value: Any, **members: Any) -> Attribute:
    return Attribute(Kind.PROPERTY, value, **members)


def says(q: str, *instances: Attribute, expand: tuple[str, ...] = ()) -> bool:
    condition = parse_q(q, CONTEXT, [DEFAULT + name for name in expand])
    return holds(condition, entity(*instances), NOW)


def test_an_attribute_exists_or_is_missing_whatever_its_value() -> None:
    assert says("a", prop(None))
    assert not says("b", prop(1))
    assert says("!b", prop(1))
    assert not says("!a", prop(1))


@pytest.mark.parametrize(
    ("value", "q", "expected"),
    [
        (20, "a==20", True),
        (20, "a==20.0", True),
        (20, 'a=="20"', False),
        (20, 'a!="20"', True),
        (True, "a==1", False),
        (True, "a==true", True),
        (True, "a!=1", True),
        ("red", 'a=="red"', True),
        ("red", 'a=="Red"', False),
        ("red", 'a=="black","red"', True),
        ("blue", 'a!="black","red"', True),
        ("red", 'a!="black","red"', False),
        (["blue", "red"], 'a=="red"', True),
        (["blue", "red"], 'a!="red"', False),
        (["blue", "green"], 'a!="red"', True),
        (["blue", "red"], 'a>"a"', False),
        ([5, 50], "a==10..100", True),
        (15, "a==10..20", True),
        (10, "a==10..20", True),
        (20, "a==10..20", True),
        (9, "a!=10..20", True),
        (15, "a!=10..20", False),
        ("15", "a!=10..20", True),
        (5, "a>5", False),
        (5, "a>=5", True),
        (5, "a<5.5", True),
        (5, 'a<"6"', False),
        (True, "a<2", False),
        ("b", 'a>"a"', True),
        ({"x": 1}, "a==1", False),
        ({"x": 1}, "a!=1", True),
        ({"@type": "Integer", "@value": 5}, "a>=5", True),
        ("2026-06-30T12:00:00Z", "a==2026-06-30T21:00:00+09:00", True),
        ("2026-06-30T12:00:00Z", "a<2026-06-30T12:00:00.5Z", True),
        ("2026-06-30T12:00:00", "a==2026-06-30T12:00:00Z", False),
        ("2026-06-30", "a>2026-06-29", True),
        ("2026-06-30T12:00:00Z", "a>2026-06-29", False),
        ("09:30:00Z", "a==09:00:00Z..10:00:00Z", True),
        ("9:30", "a==09:00:00Z..10:00:00Z", False),
        ("0001-01-01T00:00:00+09:00", "a>0001-01-02T00:00:00Z", False),
        ("Eiffel Tower", 'a~="^Eiffel"', True),
        ("Eiffel Tower", 'a~="Tower"', True),
        ("Eiffel Tower", 'a!~="^Tower"', True),
        (5, 'a~="5"', False),
        (5, 'a!~="6"', False),
        (["Eiffel"], 'a~="Eiffel"', False),
    ],
)
def test_a_value_compares_with_values_of_its_own_type(value: Any, q: str, expected: bool) -> None:
    assert says(q, prop(value)) is expected


def test_a_missing_attribute_satisfies_no_comparison() -> None:
    for operator in ("==", "!=", ">", "<", ">=", "<="):
        assert not says(f"b{operator}5", prop(5))
    assert not says('b!~="x"', prop("y"))


def test_any_instance_of_an_attribute_may_satisfy_a_term() -> None:
    both = (prop(5), prop(50, dataset_id="urn:d:1"))
    assert says("a==5", *both)
    assert says("a==50", *both)
    assert says("a!=5", *both)
    assert not says("a>50", *both)


def test_a_trail_leads_into_the_value() -> None:
    address = prop({"city": "Berlin", "geo": {"x": 5}, "none": None})
    assert says('a[city]=="Berlin"', address)
    assert says("a[geo.x]==5", address)
    assert says("a[none]", address)
    assert not says('a[street]!="Berlin"', address)
    assert not says("a[city.x]", address)
    assert says("a[x]==1", Attribute(Kind.JSON, {"x": 1}))
    assert not says("a[x]", Attribute(Kind.RELATIONSHIP, "urn:x:2"))
    assert says('a[type]=="Point"', Attribute(Kind.GEO, {"type": "Point", "coordinates": [0, 0]}))


def test_a_path_leads_to_sub_attributes_and_members() -> None:
    below = {DEFAULT + "b": (prop(3, observed_at=NOW, attributes={DEFAULT + "c": (prop(9),)}),)}
    whole = prop(5, observed_at=NOW, unit_code="MTR", dataset_id="urn:d:1", attributes=below)
    assert says("a.b==3", whole)
    assert says("a.b.c==9", whole)
    assert says("a.b.observedAt==2026-06-30T12:00:00Z", whole)
    assert says("a.observedAt>=2026-06-30T12:00:00Z", whole)
    assert says('a.unitCode=="MTR"', whole)
    assert says("a.datasetId==urn:d:1", whole)
    assert not says("a.modifiedAt", whole)
    assert not says("a.c", whole)


def test_members_of_the_entity_itself_can_be_asked_for() -> None:
    here = entity(created_at=NOW, scopes=("/A",))
    for q in ("id==urn:x:1", f'type=="{DEFAULT}T"', "createdAt<=2026-06-30T12:00:00Z", 'scope=="/A"'):
        assert holds(parse_q(q, CONTEXT), here, NOW)
    for q in ("id==urn:x:2", 'type=="T"', "modifiedAt", 'scope!="/A"'):
        assert not holds(parse_q(q, CONTEXT), here, NOW)


def test_a_language_property_matches_in_the_language_asked_for() -> None:
    red = Attribute(Kind.LANGUAGE, {"fr": ["chat", "rouge"], "en": "red"})
    assert says('a[en]=="red"', red)
    assert not says('a[en]=="rouge"', red)
    assert says('a[fr]=="rouge"', red)
    assert says('a[*]=="rouge"', red)
    assert says('a=="rouge"', red)
    assert not says('a[*]!="red"', red)
    assert not says('a!="red"', red)
    assert says('a[fr]!="red"', red)
    assert not says('a[ja]!="red"', red)
    assert says('a~="^rou"', red)
    assert says('a[en]>"a"', red)


@pytest.mark.parametrize("kind", [Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP])
def test_a_relationship_is_equal_or_unequal_and_has_no_order(kind: Kind) -> None:
    to = Attribute(kind, (RED, GREEN))
    assert says(f"a=={RED}", to)
    assert says(f'a=="{BLACK}","{GREEN}"', to)
    assert not says(f"a!={RED}", to)
    assert says(f"a!={BLACK}", to)
    assert not says('a>"a"', to)
    assert not says('a~="http"', to)
    assert not says('a!~="ftp"', to)


def test_a_vocab_property_is_compared_as_an_expanded_term() -> None:
    male = Attribute(Kind.VOCAB, DEFAULT + "Male")
    assert says("a==Male", male, expand=("a",))
    assert not says("a==Male", male)
    assert says(f'a=="{DEFAULT}Male"', male)
    assert not says("a!=Male", male, expand=("a",))
    assert says("a==Male", Attribute(Kind.VOCAB, (DEFAULT + "Female", DEFAULT + "Male")), expand=("a",))


def test_a_list_property_matches_by_its_elements() -> None:
    assert says("a==3", Attribute(Kind.LIST, [1, 3]))
    assert not says("a!=3", Attribute(Kind.LIST, [1, 3]))
    assert says("a!=3", Attribute(Kind.LIST, []))


def test_a_linked_condition_is_asked_of_the_entity_at_the_other_end() -> None:
    sensor = Entity("urn:x:2", (DEFAULT + "Device",), {DEFAULT + "humidity": (prop(40),)})
    town = {sensor.id: sensor}
    here = entity(Attribute(Kind.RELATIONSHIP, ("urn:x:9", "urn:x:2")))

    def linked(q: str) -> bool:
        return holds(parse_q(q, CONTEXT), here, NOW, town.get)

    assert linked("a{humidity}==40")
    assert linked("a{Device:humidity}==40")
    assert not linked("a{Vehicle:humidity}==40")
    assert not linked("a{humidity}>40")
    assert not linked("humidity==40")
    town[sensor.id] = replace(sensor, expires_at=NOW)
    assert not linked("a{humidity}==40")


def test_what_has_expired_does_not_exist() -> None:
    soon = NOW + timedelta(seconds=1)
    assert matches(Query(), entity(expires_at=soon), NOW)
    assert not matches(Query(), entity(expires_at=NOW), NOW)
    assert not says("a", prop(1, expires_at=NOW))
    assert says("a", prop(1, expires_at=soon))
    assert not matches(Query(attrs=(DEFAULT + "a",)), entity(prop(1, expires_at=NOW)), NOW)


@pytest.mark.parametrize(
    ("types", "expected"),
    [("T", True), ("U", False), ("T,X", True), ("(T;U)", False), ("(T;V)", True), ("(X;T),V", True), ("*", True)],
)
def test_types_select(types: str, expected: bool) -> None:
    query = Query(types=parse_types(types, CONTEXT))
    assert matches(query, Entity("urn:x:1", (DEFAULT + "T", DEFAULT + "V")), NOW) is expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("/Madrid/Gardens", True),
        ("/Madrid", False),
        ("/Madrid/#", True),
        ("/Madrid/Gardens/#", True),
        ("/Madrid/Gardens/North/#", False),
        ("/+/Gardens", True),
        ("/+", True),
        ("/#", True),
        ("/Company", True),
        ("(/Company;/Madrid/+)", True),
        ("(/Company;/Paris)", False),
        ("/Paris,/Company", True),
    ],
)
def test_scopes_select(scope: str, expected: bool) -> None:
    assert matches(Query(scope=parse_scope(scope)), entity(scopes=("/Madrid/Gardens", "Company")), NOW) is expected


def test_an_entity_without_scope_is_in_none() -> None:
    assert not matches(Query(scope=parse_scope("/#")), entity(), NOW)


def test_ids_patterns_and_attributes_select() -> None:
    here = entity(prop(1))
    assert matches(Query(ids=("urn:x:1", "urn:x:2")), here, NOW)
    assert not matches(Query(ids=("urn:x:2",)), here, NOW)
    assert matches(Query(id_pattern=parse_id_pattern("x:1$")), here, NOW)
    assert not matches(Query(id_pattern=parse_id_pattern("^x")), here, NOW)
    assert matches(Query(attrs=(DEFAULT + "b", DEFAULT + "a")), here, NOW)
    assert not matches(Query(attrs=(DEFAULT + "b",)), here, NOW)
    assert not matches(Query(attrs=(DEFAULT + "a",), ids=("urn:x:2",)), here, NOW)


def test_a_place_selects_by_any_instance() -> None:
    near = Attribute(Kind.GEO, {"type": "Point", "coordinates": [8.01, 40]})
    far = Attribute(Kind.GEO, {"type": "Point", "coordinates": [9, 41]}, dataset_id="urn:d:1")
    text = prop({"type": "Point", "coordinates": [8, 40]})
    query = Query(geo=parse_geo("near;maxDistance==2000", "Point", "[8,40]", "a", CONTEXT))
    assert matches(query, entity(far, near), NOW)
    assert not matches(query, entity(far), NOW)
    assert not matches(query, entity(text), NOW)
    assert not matches(query, entity(), NOW)


@given(one_condition(), some_entities())
def test_missing_is_the_opposite_of_existing(condition: Condition, town: list[Entity]) -> None:
    for term in _terms(condition):
        for one in town:
            assert holds(Exists(term.path), one, NOW) is not holds(Missing(term.path), one, NOW)


@given(one_condition(), some_entities())
def test_unequal_is_the_opposite_of_equal_where_there_is_one_target(condition: Condition, town: list[Entity]) -> None:
    for term in _terms(condition):
        for one in town:
            equal = holds(replace(term, operator=Operator.EQUAL), one, NOW)
            unequal = holds(replace(term, operator=Operator.UNEQUAL), one, NOW)
            found = len(targets(term.path, one, NOW))
            assert (equal or unequal) is (found > 0)
            assert not (found == 1 and equal and unequal)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5))
def test_a_range_is_both_of_its_bounds(value: float, low: float, high: float) -> None:
    path = parse_q("a", CONTEXT).path  # type: ignore[union-attr]
    here = entity(prop(value))
    within = Compare(path, Operator.EQUAL, (Range(Literal(low), Literal(high)),))
    above = Compare(path, Operator.GREATER_EQUAL, (Literal(low),))
    below = Compare(path, Operator.LESS_EQUAL, (Literal(high),))
    assert holds(within, here, NOW) is holds(All((above, below)), here, NOW)


@given(one_condition(), one_condition(), some_entities())
def test_all_and_any_are_and_and_or(a: Condition, b: Condition, town: list[Entity]) -> None:
    linked = {one.id: one for one in town}.get
    for one in town:
        first, second = holds(a, one, NOW, linked), holds(b, one, NOW, linked)
        assert holds(All((a, b)), one, NOW, linked) is (first and second)
        assert holds(AnyOf((a, b)), one, NOW, linked) is (first or second)


@given(one_query(), some_entities())
def test_each_part_of_a_query_only_takes_away(query: Query, town: list[Entity]) -> None:
    linked = {one.id: one for one in town}.get
    chosen = [one for one in town if matches(query, one, NOW, linked)]
    for part in ("types", "ids", "id_pattern", "attrs", "q", "geo", "scope"):
        wider = replace(query, **{part: getattr(Query(), part)})
        assert all(matches(wider, one, NOW, linked) for one in chosen)


@given(some_entities(), st.floats(1, 20_000), st.floats(1, 20_000))
def test_nearer_than_less_is_nearer_than_more(town: list[Entity], one: float, other: float) -> None:
    def found(georel: str, metres: float) -> set[str]:
        geo = parse_geo(f"near;{georel}=={metres!r}", "Point", [136.1, 35.1], None, CONTEXT)
        return {e.id for e in town if matches(Query(geo=geo), e, NOW)}

    less, more = sorted((one, other))
    assert found("maxDistance", less) <= found("maxDistance", more)
    assert found("minDistance", more) <= found("minDistance", less)


def _terms(condition: Condition) -> list[Compare]:
    if isinstance(condition, All | AnyOf):
        return [term for part in condition.parts for term in _terms(part)]
    return [condition] if isinstance(condition, Compare) else []
