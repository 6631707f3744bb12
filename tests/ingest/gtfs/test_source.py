"""Is what vehicles say handed in once, and a message that cannot be had only said?"""

from collections.abc import Sequence
from datetime import UTC, datetime

from tests.transit import message, position

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
