"""Is what is gathered of a machine and its data right?"""

import asyncio
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from machinami.app.checkup import machine
from machinami.app.checkup.notes import SAMPLED, Notes, load, save
from machinami.app.checkup.silence import pace_of
from machinami.foundation.settings import Settings
from machinami.model.checkup.forecast import Sample
from machinami.wire.exchange import Answer, Call, Unconnected
from machinami.wire.ntp import ask_ntp
from machinami.wire.reach import is_reached
from machinami.wire.reasons import REFUSED

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


class TimeServer(asyncio.DatagramProtocol):
    """A time server that is `off` seconds ahead."""

    def __init__(self, off: float, stratum: int = 2) -> None:
        self.off = off
        self.stratum = stratum

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        at = time.time() + self.off + 2_208_988_800
        stamp = struct.pack("!II", int(at), int((at % 1) * 2**32))
        self.transport.sendto(bytes([0x24, self.stratum]) + bytes(30) + stamp + stamp, addr)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("off", "stratum", "ahead"), [(-90.0, 2, 90.0), (45.0, 1, -45.0), (0.0, 0, None)])
async def test_a_time_server_says_by_how_much_this_clock_is_ahead(
    off: float, stratum: int, ahead: float | None
) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: TimeServer(off, stratum), local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    found = await ask_ntp(f"127.0.0.1:{port}", 10.0)
    transport.close()
    assert found == (None if ahead is None else pytest.approx(ahead, abs=5.0))


class Neighbour:
    """A neighbour whose clock is `off` seconds ahead."""

    def __init__(self, off: float) -> None:
        self.off = off

    async def call(self, call: Call) -> Answer:
        at = datetime.now(UTC) + timedelta(seconds=self.off)
        return Answer(200, {"date": at.strftime("%a, %d %b %Y %H:%M:%S GMT")})


async def test_the_clock_is_held_against_a_neighbour_and_else_against_the_disk(tmp_path: Path) -> None:
    settings, notes = Settings(tmp_path), Notes()
    by_neighbour = await machine.clock(settings, notes, Neighbour(-600.0), ["https://n.example"])
    assert by_neighbour.ahead == pytest.approx(600, abs=5)
    level = await machine.clock(settings, notes, Neighbour(0.0), ["https://n.example"])
    assert level.ahead == pytest.approx(0, abs=5)
    by_disk = await machine.clock(settings, notes, Unconnected(), ["https://n.example"])
    assert (by_disk.by, by_disk.ahead) == ("disk", pytest.approx(0, abs=5))


async def test_a_clock_before_the_last_beat_was_put_back(tmp_path: Path) -> None:
    notes = Notes(beat=datetime.now(UTC) + timedelta(hours=1))
    found = await machine.clock(Settings(tmp_path), notes, Unconnected(), ())
    assert found.behind_beat == pytest.approx(3_600, abs=30)


def test_notes_are_read_back_as_they_were_written_and_a_broken_file_is_no_fault(tmp_path: Path) -> None:
    notes = Notes(NOW, [Sample(NOW, 7)], {"disk": NOW}, (5.0, NOW))
    save(tmp_path, notes)
    assert load(tmp_path) == notes
    (tmp_path / "checkup.json").write_text('{"beat": 3', encoding="utf-8")
    assert load(tmp_path) == Notes()


def test_a_jump_of_the_clock_is_noted_and_forgotten_after_two_days() -> None:
    notes = Notes(beat=NOW)
    notes.tick(NOW + timedelta(seconds=60), 60.0)
    assert notes.jump is None
    notes.tick(NOW + timedelta(seconds=420), 60.0)
    assert notes.jump is not None
    assert notes.jump[0] == pytest.approx(300)
    notes.tick(NOW + timedelta(days=3), (timedelta(days=3) - timedelta(seconds=420)).total_seconds())
    assert notes.jump is None


def test_the_data_are_measured_every_few_hours_and_findings_keep_their_beginning() -> None:
    notes = Notes()
    for at in (NOW, NOW + SAMPLED / 2, NOW + SAMPLED):
        notes.measure(at, 1)
    assert [one.at for one in notes.growth] == [NOW, NOW + SAMPLED]
    notes.notice(NOW, ["a", "b"])
    notes.notice(NOW + SAMPLED, ["b", "c"])
    assert notes.noticed == {"b": NOW, "c": NOW + SAMPLED}


def test_a_gauge_has_a_pace_and_a_person_who_walks_has_none() -> None:
    regular = [NOW + timedelta(minutes=10 * n) for n in range(12)]
    assert pace_of(regular) == 600
    assert pace_of([*regular[:5], *regular[6:]]) == 600
    assert pace_of([NOW + timedelta(minutes=n**3) for n in range(12)]) is None
    assert pace_of(regular[:3]) is None


async def test_nobody_listens_where_nobody_is(unused_tcp_port: int) -> None:
    reached, reason = await is_reached(f"mqtt://127.0.0.1:{unused_tcp_port}", 5.0)
    assert (reached, reason) == (False, REFUSED)
