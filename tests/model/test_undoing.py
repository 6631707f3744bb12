"""A change of views is kept so that it can be told later, and taken back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from machinami.foundation.errors import Conflict
from machinami.model.undoing import logged, read, restored, written
from machinami.model.view import Ref, Words

NOON = datetime(2026, 6, 30, 3, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bench:
    """A view with one of each that a log keeps."""

    TYPE: ClassVar[str] = "Bench"
    id: str
    name: Words | None = None
    ref_place: Ref | None = None
    seats: int | None = None
    painted_at: datetime | None = None
    facts: dict[str, int] | None = None


KINDS = {Bench.TYPE: Bench}
BENCH = Bench("urn:ngsi-ld:Bench:1", Words(ja="駅前"), Ref("urn:ngsi-ld:Place:1"), 3, NOON, {"legs": 4})


def test_a_view_is_read_from_the_log_as_it_was_written() -> None:
    row = written(BENCH)
    assert row is not None
    assert row["painted_at"] == "2026-06-30T03:00:00Z"
    found = read(KINDS, BENCH.id, {**row, "colour": "a field that is no more"})
    assert found == BENCH
    assert isinstance(found.ref_place, Ref)
    assert written(None) is None


def test_what_was_changed_is_brought_back_and_what_was_made_is_told_apart() -> None:
    wider = Bench(BENCH.id, seats=5)
    before, after = logged([wider], {BENCH.id: BENCH})
    assert restored(before, after, {BENCH.id: wider}, KINDS) == [(wider, BENCH)]
    before, after = logged([BENCH], {})
    assert restored(before, after, {BENCH.id: BENCH}, KINDS) == [(BENCH, None)]


def test_what_has_changed_since_or_is_gone_is_not_overwritten() -> None:
    before, after = logged([BENCH], {})
    for now in ({}, {BENCH.id: Bench(BENCH.id, seats=5)}):
        with pytest.raises(Conflict, match="changed since"):
            restored(before, after, now, KINDS)
