"""A query that was prepared for many entities judges each as `matches` does."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.model.generated import one_query, some_entities

from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.judging import judge
from machinami.model.matching import matches
from machinami.model.query import Compare, GeoQuery, GeoRelation, Literal, Operator, Path, Query
from machinami.store.generated import NOW

EARLIER, LATER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
ORDERED = [Operator.EQUAL, Operator.UNEQUAL, Operator.GREATER, Operator.GREATER_EQUAL, Operator.LESS]
VALUES = some.one_of(some.none(), some.booleans(), some.integers(-2, 2), some.sampled_from([0.5, "0", "b", [1], {}]))
INSTANCES = some.builds(
    Attribute,
    kind=some.sampled_from([Kind.PROPERTY, Kind.JSON]),
    value=VALUES,
    expires_at=some.sampled_from([None, None, EARLIER, LATER]),
)


@given(some_entities(), one_query())
def test_a_prepared_query_says_what_matches_says(entities, query):
    known = {entity.id: entity for entity in entities}
    fits = judge(query, NOW, known.get)
    assert [fits(e) for e in entities] == [matches(query, e, NOW, known.get) for e in entities]


@given(
    some.lists(INSTANCES, min_size=1, max_size=2),
    some.sampled_from(ORDERED),
    some.sampled_from([0, 1, 0.5, "b", "0"]),
)
def test_one_number_or_text_is_compared_as_several_are(instances, operator, limit):
    query = Query(q=Compare(Path(("urn:a",)), operator, (Literal(limit),)))
    for entity in (Entity("urn:e:1", ("urn:t",), {"urn:a": tuple(instances)}), Entity("urn:e:2", ("urn:t",))):
        assert judge(query, NOW)(entity) == matches(query, entity, NOW)


@pytest.mark.parametrize(("least", "most"), [(None, 1200.0), (1200.0, None), (500.0, 1200.0)])
def test_distances_are_the_same_to_the_last_metre(least, most):
    place = GeoQuery(GeoRelation.NEAR, {"type": "Point", "coordinates": [138.25, 34.87]}, "urn:where", least, most)
    query = Query(geo=place)
    for step in range(40):
        point = {"type": "Point", "coordinates": [138.25 + step / 2000, 34.87]}
        entity = Entity("urn:e:1", ("urn:t",), {"urn:where": (Attribute(Kind.GEO, point),)})
        assert judge(query, NOW)(entity) == matches(query, entity, NOW)
