"""Is a value that is made quickly a value like any other?"""

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from machinami.foundation.value import value


@value
class Point:
    x: int
    labels: tuple[str, ...] = field(default_factory=tuple)
    y: int = 2


@dataclass(frozen=True, slots=True)
class FrozenPoint:
    x: int
    labels: tuple[str, ...] = ()
    y: int = 2


def test_a_value_is_equal_to_what_has_the_same_fields() -> None:
    assert Point(1) == Point(1, (), 2)
    assert hash(Point(1)) == hash(Point(1, (), 2))
    assert Point(1) != Point(2)
    assert Point(1) != FrozenPoint(1)


def test_a_value_reads_and_is_copied_like_a_frozen_one() -> None:
    assert repr(Point(1)) == repr(FrozenPoint(1)).removeprefix("Frozen")
    assert replace(Point(1), y=3) == Point(1, (), 3)


def test_a_value_has_no_room_for_anything_else() -> None:
    with pytest.raises(FrozenInstanceError):
        FrozenPoint(1).x = 2  # type: ignore[misc]  # that is the difference: a value leaves it to the type checker
    with pytest.raises(AttributeError):
        Point(1).z = 3  # type: ignore[attr-defined]  # that is the test
