"""When do answers leave?"""

import asyncio
from typing import cast

from machinami.kit.outgoing import Outgoing


class Line(asyncio.Transport):
    """A transport that remembers what was written to it, in the order of all lines."""

    def __init__(self, written: list[tuple["Line", bytes]]) -> None:
        super().__init__()
        self.written = written
        self.closed = False

    def write(self, data: object) -> None:
        self.written.append((self, cast(bytes, data)))

    def is_closing(self) -> bool:
        return self.closed


async def test_answers_of_one_turn_leave_together_at_its_end() -> None:
    outgoing, written = Outgoing(), list[tuple[Line, bytes]]()
    one, other = Line(written), Line(written)
    loop = asyncio.get_running_loop()
    outgoing.put(loop, one, b"1")
    outgoing.put(loop, other, b"2")
    assert written == []
    await asyncio.sleep(0)
    assert written == [(one, b"1"), (other, b"2")]


async def test_a_connection_holds_one_answer_and_keeps_the_order() -> None:
    outgoing, written = Outgoing(), list[tuple[Line, bytes]]()
    line = Line(written)
    loop = asyncio.get_running_loop()
    for number in (b"1", b"2", b"3"):
        outgoing.put(loop, line, number)
    assert [data for _, data in written] == [b"1", b"2"]
    await asyncio.sleep(0)
    assert [data for _, data in written] == [b"1", b"2", b"3"]


async def test_what_waits_can_be_sent_before_the_end_of_the_turn() -> None:
    outgoing, written = Outgoing(), list[tuple[Line, bytes]]()
    line = Line(written)
    outgoing.put(asyncio.get_running_loop(), line, b"1")
    outgoing.flush(line)
    outgoing.flush(line)
    await asyncio.sleep(0)
    assert [data for _, data in written] == [b"1"]


async def test_nothing_is_written_to_a_connection_that_has_gone() -> None:
    outgoing, written = Outgoing(), list[tuple[Line, bytes]]()
    line = Line(written)
    outgoing.put(asyncio.get_running_loop(), line, b"1")
    line.closed = True
    await asyncio.sleep(0)
    assert written == []
