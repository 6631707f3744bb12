"""Is what sources tell passed on once, and never lost? (ETSI GS CIM 009, 5.8.6)"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.broker.conftest import House

from machinami.broker.federation.heard import REMEMBERED, Heard, Telling
from machinami.broker.federation.relay import HEARD, RECORD, Relay
from machinami.foundation.errors import Overloaded
from machinami.model.entity import Entity
from machinami.model.telling import Told


def telling(number: int, teller: str = "a", notification: str = "n", unique: bool = True) -> Telling:
    return Telling(number.to_bytes(16), teller, notification, unique)


def told(number: int) -> Told:
    return Told(Entity(f"urn:ngsi-ld:Gauge:{number}", ("Gauge",)))


async def nothing(_: object, item: object) -> list[Told]:
    return []


async def test_what_a_full_queue_refuses_is_taken_when_it_is_told_again(house: House) -> None:
    town = await house.open()
    relay = Relay(town, "urn:s:1", lambda: None, nothing)
    for number in range(1_000):
        relay.heard.note(telling(number))
    relay._waiting.extend([None] * 1_000)  # type: ignore[list-item]  # a queue that nobody empties
    with pytest.raises(Overloaded):
        await relay.take("urn:s:1 1 x", "a", [(told(7_000), telling(7_000))], {})
    assert not relay.heard.is_double(telling(7_000))


async def test_what_is_kept_of_what_was_heard_does_not_grow(house: House) -> None:
    town = await house.open()
    relay = Relay(town, "urn:s:1", lambda: None, nothing)
    for number in range(0, 3 * REMEMBERED, 100):
        tellings = [(told(one), telling(one)) for one in range(number, number + 100)]
        await relay.take(f"urn:s:1 {number:06d} x", "a", tellings, {})
    kept = await town.store.records(HEARD)
    assert sorted(kept) == [f"urn:s:1 {number:06d} x" for number in range(2 * REMEMBERED, 3 * REMEMBERED, 100)]
    await relay.forget()
    assert await town.store.records(HEARD) == await town.store.records(RECORD) == {}


_TELLINGS = st.builds(telling, st.integers(0, 3), st.sampled_from("ab"), st.sampled_from("mn"), unique=st.just(True))


@given(st.lists(_TELLINGS))
def test_what_bears_its_time_is_taken_once_however_often_it_is_told(every: list[Telling]) -> None:
    heard, taken = Heard(), []
    for one in every:
        if not heard.is_double(one):
            taken.append(one.digest)
        heard.note(one)
    assert len(taken) == len(set(taken))
    assert set(taken) == {one.digest for one in every}


def test_what_bears_no_time_is_meant_by_who_tells_it_in_another_notification() -> None:
    heard, taken = Heard(), []
    for teller, notification in ("an", "bm", "an", "ax", "ax", "bm", "by"):
        one = telling(1, teller, notification, unique=False)
        taken.append(not heard.is_double(one))
        heard.note(one)
    assert taken == [True, False, False, True, False, False, True]
