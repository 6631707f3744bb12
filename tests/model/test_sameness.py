"""Is it known whether an attribute says something else than before? (ETSI GS CIM 009, 5.8.6)"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from tests.model.samples import instances, moments

from machinami.model.attribute import Attribute, Kind
from machinami.model.sameness import says_the_same


@given(instances(), moments)
def test_when_something_was_written_is_not_what_it_says(one: Attribute, later: object) -> None:
    written = replace(one, created_at=later, modified_at=later, instance_id="urn:i:other")  # type: ignore[arg-type]
    assert says_the_same(one, written)
    assert says_the_same(written, one)


@given(instances(), instances())
def test_it_does_not_matter_which_comes_first(one: Attribute, other: Attribute) -> None:
    assert says_the_same(one, other) == says_the_same(other, one)


@pytest.mark.parametrize(
    "other",
    [
        {"value": 2},
        {"value": True},
        {"unit_code": "CEL"},
        {"kind": Kind.JSON},
        {"value_type": "urn:t"},
        {"attributes": {"urn:accuracy": (Attribute(Kind.PROPERTY, 1),)}},
    ],
)
def test_every_member_that_differs_is_a_change(other: dict[str, object]) -> None:
    one = Attribute(Kind.PROPERTY, 1)
    assert not says_the_same(one, replace(one, **other))  # type: ignore[arg-type]


@given(moments, instances())
def test_a_later_observation_of_the_same_is_a_change(at: object, one: Attribute) -> None:
    seen = replace(one, observed_at=at)  # type: ignore[arg-type]
    assert not says_the_same(seen, replace(seen, observed_at=seen.observed_at + timedelta(seconds=1)))  # type: ignore[operator]
