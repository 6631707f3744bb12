"""Is what vehicles say handed in once, and a message that cannot be had only said?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.transit import message, nested, number, position, text

from machinami.foundation.errors import StoreUnavailable
from machinami.ingest.gtfs.source import Poll
from machinami.model.reading import Reading

NOON = datetime(2026, 6, 30, 3, 5, tzinfo=UTC)
AT = int(NOON.timestamp())


class Operator:
    """A server of an operator, and a town that takes readings."""

    def __init__(self) -> None:
        self.said: bytes | None = message(position("7", "R1", 138.0, 35.0, 2, AT - 30), at=AT)
        self.taken: list[Reading] = []

    async def fetch(self, url: str) -> bytes:
        """What is at the address."""
        if self.said is None:
            raise StoreUnavailable(f"{url} cannot be reached")
        return self.said

    async def take(self, readings: Sequence[Reading]) -> None:
        """Keep readings."""
        self.taken += readings

    async def sleep(self, seconds: float) -> None:
        """Nobody waits."""

    def poll(self) -> Poll:
        """A source that fetches here."""
        return Poll("http://a.example/rt", "bus", 30, self.fetch, self.take, lambda: NOON, self.sleep)


async def test_a_position_becomes_a_vehicle() -> None:
    operator = Operator()
    await operator.poll().once()
    said = {reading.attribute: reading.value for reading in operator.taken}
    assert {reading.entity_id for reading in operator.taken} == {"urn:ngsi-ld:Vehicle:bus:7"}
    assert (said["trip"], said["stopSequence"], said["serviceStatus"]) == ("R1", 2, "stoppedAt")
    assert said["reportedAt"] == "2026-06-30T03:04:30Z"


async def test_what_was_said_before_is_not_said_again() -> None:
    operator = Operator()
    poll = operator.poll()
    await poll.once()
    before = len(operator.taken)
    await poll.once()
    assert len(operator.taken) == before
    operator.said = message(position("7", "R1", 138.0, 35.0, 3, AT), at=AT)
    await poll.once()
    assert len(operator.taken) > before


async def test_a_server_that_is_away_is_said_and_tried_again() -> None:
    operator = Operator()
    poll, operator.said = operator.poll(), None
    await poll.once()
    assert "cannot be reached" in poll.account.last_error
    operator.said = b"<html>"
    await poll.once()
    assert "no GTFS-realtime message" in poll.account.last_error
    operator.said = message(position("7", "R1", 138.0, 35.0, 2, AT), at=AT)
    await poll.once()
    assert poll.account.last_error == ""
    assert operator.taken


def alert(name: str, header: str, *about: bytes) -> bytes:
    """An alert with a headline in Japanese."""
    words = nested(1, text(1, header) + text(2, "ja"))
    return text(1, name) + nested(5, b"".join(nested(5, one) for one in about) + number(7, 4) + nested(10, words))


def notices(operator: Operator) -> dict[str, object]:
    """What the town was told of the notice last."""
    return {one.attribute: one.value for one in operator.taken if one.entity_type == "TransitNotice"}


async def test_an_alert_becomes_a_notice_and_ends_when_it_is_no_longer_said() -> None:
    operator = Operator()
    poll, operator.said = operator.poll(), message(alert("a", "大橋は通れません", text(2, "R")), at=AT)
    await poll.once()
    assert {one.entity_id for one in operator.taken} == {"urn:ngsi-ld:TransitNotice:bus:a"}
    said = notices(operator)
    assert (said["headline"], said["effect"], said["state"]) == ({"ja": "大橋は通れません"}, "detour", "told")
    assert said["about"] == [{"feed": "bus", "route": "bus:R"}]
    before = len(operator.taken)
    await poll.once()
    assert len(operator.taken) == before
    operator.said = message(at=AT)
    await poll.once()
    assert notices(operator)["state"] == "ended"


async def test_an_alert_that_stands_is_told_again_so_that_a_silent_feed_is_known() -> None:
    operator = Operator()
    now = [NOON]
    poll = Poll("http://a.example/rt", "bus", 30, operator.fetch, operator.take, lambda: now[0], operator.sleep)
    operator.said = message(alert("a", "x"), at=AT)
    await poll.once()
    operator.taken.clear()
    now[0] += timedelta(minutes=11)
    await poll.once()
    assert [one.attribute for one in operator.taken] == ["reportedAt"]


async def test_a_cancelled_trip_is_a_notice_and_no_vehicle() -> None:
    operator = Operator()
    trip = text(1, "R2") + text(3, "20260630") + number(4, 3)
    operator.said = message(text(1, "u") + nested(3, nested(1, trip)), at=AT)
    await operator.poll().once()
    assert {one.entity_type for one in operator.taken} == {"TransitNotice"}
    assert notices(operator)["about"] == [{"feed": "bus", "trip": "R2", "day": "2026-06-30"}]
    assert notices(operator)["effect"] == "noService"


async def test_notices_that_may_not_have_arrived_are_said_anew() -> None:
    operator = Operator()
    refuse = [True]

    async def take(readings: Sequence[Reading]) -> None:
        if refuse.pop():
            raise StoreUnavailable("the disk is full")
        await operator.take(readings)

    poll = Poll("http://a.example/rt", "bus", 30, operator.fetch, take, lambda: NOON, operator.sleep)
    operator.said = message(alert("a", "x"), at=AT)
    await poll.once()
    assert "disk is full" in poll.account.last_error
    refuse.append(False)
    await poll.once()
    assert notices(operator)["state"] == "told"
