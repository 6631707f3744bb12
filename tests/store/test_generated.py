"""Do the random entities and queries try out a store fairly?"""

from random import Random

from machinami.model.attribute import Kind
from machinami.model.matching import matches
from machinami.model.query import Compare, GeoRelation, Operator
from machinami.store.generated import NOW, entities
from machinami.store.generated_queries import comparison, geo, queries


def test_the_same_seed_makes_the_same_town_and_the_same_questions() -> None:
    assert entities(Random(7), 20) == entities(Random(7), 20)
    assert queries(Random(7), 20) == queries(Random(7), 20)
    assert entities(Random(7), 20) != entities(Random(8), 20)


def test_every_kind_of_attribute_occurs() -> None:
    town = entities(Random(1), 60)
    instances = [i for one in town for several in one.attributes.values() for i in several]
    assert {i.kind for i in instances} == set(Kind)
    assert any(i.dataset_id for i in instances)
    assert any(i.attributes for i in instances)
    assert any(one.expires_at is not None and one.expires_at <= NOW for one in town)


def test_every_operator_and_relation_is_asked() -> None:
    rng = Random(2)
    asked: list[Compare] = [comparison(rng, 10) for _ in range(300)]
    assert {term.operator for term in asked} == set(Operator)
    assert {geo(rng).relation for _ in range(200)} == set(GeoRelation)


def test_a_fair_part_of_the_questions_finds_something_and_leaves_something_out() -> None:
    town = entities(Random(3), 50)
    linked = {one.id: one for one in town}.get
    found = [sum(matches(query, one, NOW, linked) for one in town) for query in queries(Random(4), 400)]
    assert sum(0 < count < len(town) for count in found) > len(found) / 3
