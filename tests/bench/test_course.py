"""What is counted of an operation is what it is about, and what comes around it is sent at its time."""

import os
import random
import sys
from collections.abc import Iterator
from itertools import count, islice, repeat

import orjson
import pytest

from machinami.bench.course import Course, Target
from machinami.bench.processes import free_port, started, wait_for_port
from machinami.bench.traffic import GAUGES, OPERATIONS, PAST, Operation, Rounds

FIRST = next(one for one in OPERATIONS if one.name == "temporal1000first")


def minutes(data: bytes) -> set[str]:
    return {one["no2"]["observedAt"] for one in orjson.loads(data.partition(b"\r\n\r\n")[2])}


def test_each_gauge_is_asked_for_its_last_thousand_values_after_it_has_said_one_more() -> None:
    assert FIRST.rounds is not None
    said = [minute for data in FIRST.rounds.first() for minute in minutes(data)]
    assert len(said) == len(set(said)) == PAST
    requests = FIRST.requests(100, random.Random(1))
    for number in range(1, 2_000):
        new = minutes(FIRST.rounds.before(number)).pop()
        assert new > said[-1]
        said.append(new)
        asked = list(islice(requests, FIRST.rounds.length))
        assert len(set(asked)) == GAUGES == len(asked)
        starts = {one.partition(b"timeAt=")[2].partition(b"&")[0].decode() for one in asked}
        assert starts == {said[-PAST]}


def test_each_update_says_something_new_so_that_each_of_them_is_to_be_told() -> None:
    said: dict[str, set[float]] = {}
    for name in ("patch", "notify", "patch"):
        operation = next(one for one in OPERATIONS if one.name == name)
        for data in islice(operation.requests(100, random.Random(f"{name} 100")), 5_000):
            head, _, body = data.partition(b"\r\n\r\n")
            values = said.setdefault(head.split()[1].decode(), {10.0})
            value = orjson.loads(body)["no2"]["value"]
            assert value not in values
            values.add(value)
    assert len(said) == 100


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        yield from bare(port)


def bare(port: int) -> Iterator[Target]:
    with started([sys.executable, "-m", "machinami.bench.bare", "--port", str(port)]) as process:
        wait_for_port(port, process)
        yield Target("127.0.0.1", port, process.pid)


def asking(size: int) -> bytes:
    return f"GET /bare/{size} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def test_only_whole_rounds_are_sent_and_only_their_requests_counted(target: Target) -> None:
    told: list[int] = []

    def before(number: int) -> bytes:
        told.append(number)
        return asking(1)

    rounds = Rounds(lambda: repeat(asking(1), 3), before, 7)
    course = Course(target, Operation("rounds", lambda entities, draw: map(asking, count(10)), rounds=rounds), 1)
    assert told == []
    course.warm(0)
    used, tally = course.cost(0.2)
    assert told == list(range(1, len(told) + 1))
    assert tally.answers == 7 * (len(told) - 1)
    assert tally.statuses == {200: tally.answers}
    assert tally.last_size == 9 + 7 * len(told)
    assert used is not None
    assert 0 <= used < 0.1


def test_without_rounds_requests_follow_each_other_and_what_they_set_off_is_waited_for(target: Target) -> None:
    settled: list[int] = []
    course = Course(target, Operation("plain", lambda entities, draw: repeat(asking(5))), 1, settled.append)
    course.warm(0.05)
    _, tally = course.cost(0.05)
    assert settled[1:] == [tally.answers]
    assert tally.last_size == 5
