"""Does what was kept come back exactly?"""

from datetime import UTC, datetime, timedelta, timezone

import orjson
from hypothesis import given
from tests.model.samples import entities, moments, unhurried

from machinami.model.attribute import Attribute, Kind
from machinami.model.document import (
    KIND_CODES,
    attribute_to_document,
    entity_from_document,
    entity_to_document,
    moment_from_text,
    moment_to_text,
)
from machinami.model.entity import Entity

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)


def kept(document: object) -> object:
    return orjson.loads(orjson.dumps(document))


@given(entities())
@unhurried
def test_an_entity_comes_back_as_it_was_kept(entity: Entity) -> None:
    back = entity_from_document(kept(entity_to_document(entity)))
    assert repr(back) == repr(entity)  # repr tells 1 from True and 1.0, which == does not


def test_empty_members_are_left_out() -> None:
    assert attribute_to_document(Attribute(Kind.PROPERTY, 3)) == {"k": "P", "v": 3}
    assert entity_to_document(Entity("urn:x:1", ("T",))) == {"i": "urn:x:1", "t": ["T"], "a": {}}


def test_every_kind_has_its_own_code() -> None:
    assert len(set(KIND_CODES.values())) == len(Kind)


@given(moments, moments)
@unhurried
def test_the_order_of_moments_is_the_order_of_their_texts(one: datetime, other: datetime) -> None:
    assert (one < other) == (moment_to_text(one) < moment_to_text(other))
    assert moment_from_text(moment_to_text(one)) == one
    assert len(moment_to_text(one)) == 27


def test_a_moment_of_another_zone_is_kept_in_utc() -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert moment_to_text(tokyo) == "2026-06-30T09:00:00.000000Z"
