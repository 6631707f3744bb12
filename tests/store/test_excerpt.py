"""A query is answered the same from the part of an entity that it looks at."""

from random import Random

import orjson
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.document import entity_from_document, entity_to_document
from machinami.model.matching import matches
from machinami.model.query import looked_at
from machinami.model.sealed import excerpt, is_sealed, seal
from machinami.store.generated import NOW, entities
from machinami.store.generated_queries import queries


@given(st.integers(0, 1 << 30))
def test_an_excerpt_is_judged_as_the_whole_entity_is_and_opens_nothing(seed: int) -> None:
    town = entities(Random(seed), 20)
    linked = {one.id: one for one in town}.get
    kept = [orjson.dumps(entity_to_document(one)) for one in town]
    for query in queries(Random(seed + 1), 10, len(town)):
        sealed = [seal(one.id, doc) for one, doc in zip(town, kept, strict=True)]
        before = [is_sealed(one) for one in sealed]
        judged = [matches(query, excerpt(one, looked_at(query)), NOW, linked) for one in sealed]
        whole = [matches(query, entity_from_document(orjson.loads(doc)), NOW, linked) for doc in kept]
        assert judged == whole
        assert [is_sealed(one) for one in sealed] == before
