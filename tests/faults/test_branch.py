"""Does all that a branch wrote without a line come to the centre, in order, once, whoever is killed meanwhile?"""

import asyncio
import contextlib
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.towns import RunningTown, town
from tests.servers import free_port

from machinami.apis.branches.routes import routes
from machinami.app.delivering import Delivering
from machinami.app.lagging import Lagging
from machinami.broker import evolution, history, operations
from machinami.broker.contexts import town_context
from machinami.broker.hearing import Hearing
from machinami.broker.policy import Policy
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import BadGateway, NotFound
from machinami.foundation.settings import BranchSettings
from machinami.kit.answering import answer, settled
from machinami.kit.http import Request
from machinami.kit.routing import Router
from machinami.kit.viewing import anyone
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.expansion import Fragment
from machinami.model.names import SCOPE
from machinami.model.null import NULL
from machinami.model.principal import Principal
from machinami.model.query import TemporalQuery, TimeRelation
from machinami.store.files import Files, MemoryFiles
from machinami.store.memory import MemoryTown
from machinami.wire.exchange import Answer, Call

Figure = Callable[[str, float, str], None]
BY = Principal("urn:machinami:staff")
START = datetime(2026, 7, 1, tzinfo=UTC)
GAUGE, LEVEL, RAIN = (town_context().expand(name) for name in ("RiverGauge", "waterLevel", "precipitation"))
EVER = TemporalQuery(TimeRelation.AFTER, START - timedelta(days=99), None, "modifiedAt")
Told = tuple[str, str, str | None, datetime | None, Any]


def new_town(now: Callable[[], datetime], is_branch: bool = False) -> Town:
    numbers = count(1)
    store = MemoryTown(log_past=is_branch)
    return Town(DEFAULT_TOWN, store, Policy(), now, lambda: f"{next(numbers):06d}", files=MemoryFiles())


class Wire:
    """The line between a branch and its centre. state: ok, cut (nothing comes), or lost: what is asked is done there,
    and the answer does not come back, as when either side is killed just then; unanswered: so with writes alone; busy:
    files are not taken now; stranger: the key of the branch may do nothing. refused: of which gauges the centre takes
    nothing."""

    def __init__(self, centre: Town) -> None:
        async def found(_: str | None) -> Town:
            return centre

        self.hearing = Hearing()
        self.router = Router(routes(found, anyone, self.hearing, lambda: ["civic_reports"]))
        self.state = "ok"
        self.refused: set[int] = set()
        self.calls = 0

    async def call(self, call: Call) -> Answer:
        self.calls += 1
        if self.state == "cut":
            return Answer(None, reason="the line is cut")
        if self.state == "busy" and call.method == "PUT":
            return Answer(503, {}, b"")
        if self.state == "stranger":
            return Answer(403, {}, b"{}")
        if call.method == "POST" and any(f"RiverGauge:{n}".encode() in call.body for n in self.refused):
            return Answer(403, {}, b'{"title": "Forbidden", "detail": "no gauges of others"}')
        path, query = urllib.parse.urlsplit(call.url)[2:4]
        told = await settled(answer(self.router, Request(call.method, path, query, body=call.body), path))
        if self.state == "lost" or (self.state == "unanswered" and call.method == "POST"):
            return Answer(None, reason="the answer was lost")
        return Answer(told.status, {}, told.body)

    async def close(self) -> None:
        """There is nothing to let go."""


class Pair:
    """A branch and its centre."""

    def __init__(self) -> None:
        self.now, self.ahead = START, 0.0
        self.branch, self.centre = new_town(lambda: self.now, True), new_town(lambda: self.now)
        self.wire = Wire(self.centre)
        self.start()

    def start(self) -> None:
        """The branch begins anew: what it knew in memory is gone."""
        told = BranchSettings("http://centre", "school", ("RiverGauge",), files=("civic_reports",))
        self.delivering = Delivering(told, lambda: self.wire, lambda: time.time() + self.ahead)

    def folders(self) -> tuple[Files, Files]:
        """The files of the branch, and those of its centre."""
        here, there = self.branch.files, self.centre.files
        assert here is not None
        assert there is not None
        return here, there

    async def write(self, number: int, name: str, value: float, at: datetime) -> None:
        entity_id, said = f"urn:ngsi-ld:RiverGauge:{number}", Attribute(Kind.PROPERTY, value, observed_at=at)
        fragment = Fragment(attributes={name: (said,)})
        try:
            await operations.append(self.branch, entity_id, fragment, True, BY)
        except NotFound:
            await operations.create(self.branch, Entity(entity_id, (GAUGE,), {name: (said,)}), BY)

    async def tell_late(self, number: int, name: str, value: float, at: datetime) -> None:
        """A reading that comes into the history alone."""
        value_then = Attribute(Kind.PROPERTY, value, observed_at=at)
        with contextlib.suppress(NotFound):
            told = evolution.Evolution(None, (GAUGE,), (), (evolution.PastInstance(name, value_then),))
            await evolution.add(self.branch, f"urn:ngsi-ld:RiverGauge:{number}", told, BY)

    async def mend(self, number: int, name: str, which: int, how: str) -> None:
        """Put one reading of the past right, say that it is missing, put another in its place, or forget it."""
        entity_id = f"urn:ngsi-ld:RiverGauge:{number}"
        rows = await self.branch.store.instances([entity_id], [name], EVER)
        found = [one.value for one in rows if one.deleted_at is None]
        if not found:
            return
        one = found[which % len(found)]
        place = self.branch, entity_id, name, str(one.instance_id)
        with contextlib.suppress(NotFound):
            if how == "forget":
                await evolution.forget_instance(*place, BY)
            elif how == "replace":
                another = Attribute(Kind.PROPERTY, which + 0.5, observed_at=one.observed_at)
                await evolution.replace_instance(*place, another, BY)
            else:
                await history.correct(*place, None if how == "missing" else which + 0.25, "misread", BY)

    async def move(self, number: int, scopes: tuple[str, ...]) -> None:
        """Have a gauge belong to other scopes."""
        with contextlib.suppress(NotFound):
            await operations.append(
                self.branch, f"urn:ngsi-ld:RiverGauge:{number}", Fragment(scopes=scopes or (NULL,)), True, BY
            )

    async def remove(self, number: int, name: str) -> None:
        with contextlib.suppress(NotFound):
            await operations.delete_attribute(self.branch, f"urn:ngsi-ld:RiverGauge:{number}", name, BY)

    async def delete(self, number: int) -> None:
        with contextlib.suppress(NotFound):
            await operations.delete(self.branch, f"urn:ngsi-ld:RiverGauge:{number}", BY)

    async def deliver(self, state: str = "ok") -> None:
        self.wire.state = state
        try:
            await self.delivering.deliver(self.branch)
        except BadGateway:
            assert state != "ok"

    async def history(self, of: Town) -> list[Told]:
        """All that was ever observed, in order of time. A scope is not: it holds from when it comes."""
        ids = [f"urn:ngsi-ld:RiverGauge:{n}" for n in range(4)]
        rows = await of.store.instances(ids, None, EVER)
        told = [(r.entity_id, r.attribute, r.value.dataset_id, r.value.observed_at, r.value.value)
                for r in rows if r.deleted_at is None and r.attribute != SCOPE]  # fmt: skip
        return sorted(told, key=lambda row: (row[0], row[1], row[3] or START, str(row[4])))

    def heads(self, of: Town) -> list[Any]:
        """The scopes and present values of what there is."""
        there = [of.store.peek(f"urn:ngsi-ld:RiverGauge:{n}") for n in range(4)]
        return [one and (one.scopes, {name: rows[0].value for name, rows in one.attributes.items()}) for one in there]

    async def order(self, of: Town) -> dict[str, list[tuple[str, str]]]:
        """What became of each entity, in the order of the log."""
        found: dict[str, list[tuple[str, str]]] = {}
        for change in await of.store.changes(0, 100_000):
            names = ",".join(sorted(part.name for part in change.attributes))
            found.setdefault(change.entity_id, []).append((change.verb.value, names))
        return found


PAST = ("late", "correct", "missing", "replace", "forget")
moves = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 3), st.sampled_from([LEVEL, RAIN]), st.integers(-3, 60)),
        st.tuples(st.just("remove"), st.integers(0, 3), st.sampled_from([LEVEL, RAIN]), st.just(0)),
        st.tuples(st.just("delete"), st.integers(0, 3), st.just(""), st.just(0)),
        st.tuples(st.just("deliver"), st.just(0), st.sampled_from(["ok", "cut", "lost"]), st.just(0)),
        st.tuples(st.just("late"), st.integers(0, 3), st.sampled_from([LEVEL, RAIN]), st.integers(1, 60)),
        st.tuples(
            st.sampled_from(["correct", "missing", "replace", "forget"]),
            st.integers(0, 3),
            st.sampled_from([LEVEL, RAIN]),
            st.integers(0, 9),
        ),
        st.tuples(st.just("move"), st.integers(0, 3), st.sampled_from(["", "/north", "/south"]), st.just(0)),
        st.tuples(st.just("restart"), st.just(0), st.just(""), st.just(0)),
    ),
    max_size=60,
)


@given(moves)
@settings(max_examples=60)
def test_the_centre_has_what_the_branch_has_whenever_the_line_was_cut(found: list[tuple[str, int, str, int]]) -> None:
    async def play() -> None:
        pair, late = Pair(), False
        for step, (what, number, word, minutes) in enumerate(found):
            pair.now += timedelta(minutes=1)
            if what == "write":
                late = late or minutes < 0
                await pair.write(number, word, float(step), pair.now + timedelta(minutes=10 * min(minutes, 0)))
            elif what == "remove":
                await pair.remove(number, word)
            elif what == "delete":
                await pair.delete(number)
            elif what == "late":
                await pair.tell_late(number, word, float(step), pair.now - timedelta(minutes=minutes, seconds=step))
            elif what == "move":
                await pair.move(number, (word,) if word else ())
            elif what in ("correct", "missing", "replace", "forget"):
                await pair.mend(number, word, minutes, what)
            elif what == "deliver":
                await pair.deliver(word)
            else:
                pair.start()
        await pair.deliver()
        assert await pair.history(pair.centre) == await pair.history(pair.branch)
        if not late:  # else what was observed last is the present one at the centre
            assert pair.heads(pair.centre) == pair.heads(pair.branch)
        if not late and not any(what in PAST for what, *_ in found):
            assert await pair.order(pair.centre) == await pair.order(pair.branch)
        before = pair.centre.store.last_seq
        await pair.deliver()
        assert pair.centre.store.last_seq == before

    asyncio.run(play())


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["write", "late"]), st.sets(st.integers(0, 2), min_size=1)),
            st.tuples(st.just("refuse"), st.sets(st.integers(0, 2))),
            st.tuples(st.sampled_from(["ok", "unanswered", "lost", "cut"]), st.just(set[int]())),
            st.tuples(st.just("restart"), st.just(set[int]())),
        ),
        min_size=8,
        max_size=40,
    )
)
@settings(max_examples=300)
def test_the_centre_has_what_the_branch_has_whatever_it_refused_in_between(found: list[tuple[str, set[int]]]) -> None:
    async def play() -> None:
        pair = Pair()
        for step, (what, gauges) in enumerate(found):
            pair.now += timedelta(minutes=1)
            if what == "write":
                for number in sorted(gauges):
                    await pair.write(number, LEVEL, float(step), pair.now)
            elif what == "late":
                for number in sorted(gauges):
                    await pair.tell_late(number, LEVEL, float(step), START - timedelta(minutes=step))
            elif what == "refuse":
                pair.wire.refused = gauges
            elif what == "restart":
                pair.start()
            else:
                pair.ahead += 700.0  # what was refused is brought again
                await pair.deliver(what)
        pair.wire.refused, pair.ahead = set(), pair.ahead + 700.0
        await pair.deliver()
        assert await pair.history(pair.centre) == await pair.history(pair.branch)
        assert pair.heads(pair.centre) == pair.heads(pair.branch)
        if not any(what == "late" for what, _ in found):
            assert await pair.order(pair.centre) == await pair.order(pair.branch)
        assert pair.delivering.cursor(pair.branch) == pair.branch.store.last_seq

    asyncio.run(play())


async def test_72_hours_of_cuts_lose_nothing_and_double_nothing(figure: Figure) -> None:
    chance, pair, cuts, restarts = random.Random(72), Pair(), 0, 0
    state, until = "ok", START
    for minute in range(72 * 60):
        pair.now = START + timedelta(minutes=minute)
        await pair.write(minute % 4, LEVEL, float(minute), pair.now)
        if pair.now >= until:
            state = chance.choice(("ok", "cut", "cut", "lost"))
            until = pair.now + timedelta(minutes=chance.choice((1, 5, 30, 180, 400)))
            cuts += state != "ok"
        if chance.random() < 0.01:
            restarts += 1
            pair.start()
        await pair.deliver(state)
    await pair.deliver()
    there, here = await pair.history(pair.centre), await pair.history(pair.branch)
    figure("branch: writes in 72 simulated hours", len(here), "")
    figure("branch: cuts of the line, restarts", cuts + restarts, "")
    figure("branch: writes missing or doubled at the centre", abs(len(here) - len(there)), "")
    assert len(here) == 72 * 60
    assert there == here


async def test_a_write_that_the_centre_does_not_take_holds_up_no_other_is_told_and_comes_once_it_may() -> None:
    pair = Pair()
    pair.wire.refused = {2}
    lagging = Lagging(Hearing(), pair.delivering), Lagging(pair.wire.hearing, None)
    for n in range(500):
        await pair.write(n % 4, LEVEL, float(n), START + timedelta(minutes=n))
    await pair.deliver()
    assert pair.delivering.unaccepted.why() == "RiverGauge: 403 Forbidden"
    assert len(await pair.history(pair.centre)) == 375
    assert [one.refused for side in lagging for one in side.facts()] == [125, 125]
    assert not any(side.parts()[0].ok for side in lagging)
    assert pair.delivering.cursor(pair.branch) == 2  # the log is kept for what waits
    calls = pair.wire.calls
    await pair.deliver()
    assert pair.wire.calls == calls  # it is told, and not brought each second
    pair.start()
    pair.wire.refused, pair.ahead = set(), 700.0
    await pair.deliver()
    assert await pair.history(pair.centre) == await pair.history(pair.branch)
    assert pair.delivering.cursor(pair.branch) == pair.branch.store.last_seq


async def test_what_waits_is_given_up_when_its_type_is_not_to_be_delivered_any_more() -> None:
    pair = Pair()
    pair.wire.refused = {2}
    for n in range(4):
        await pair.write(n, LEVEL, float(n), START)
    await pair.deliver()
    kept = await pair.branch.store.records("branch-unaccepted")
    assert len(kept) == 1
    assert "RiverGauge:2" not in str(kept), "an id may name a person, and is kept in no other place"
    told = BranchSettings("http://centre", "school", ("Shelter",))
    pair.delivering = Delivering(told, lambda: pair.wire)
    await pair.deliver()
    assert not len(pair.delivering.unaccepted)
    assert pair.delivering.cursor(pair.branch) == pair.branch.store.last_seq


async def test_a_branch_that_may_write_nothing_waits_as_for_a_line() -> None:
    pair = Pair()
    await pair.write(1, LEVEL, 1.0, START)
    await pair.deliver("stranger")
    assert not len(pair.delivering.unaccepted)
    assert pair.delivering.behind == 1


async def test_what_is_of_no_type_that_is_delivered_stays_at_the_branch() -> None:
    pair = Pair()
    await operations.create(pair.branch, Entity("urn:ngsi-ld:Secret:1", (town_context().expand("Secret"),), {}), BY)
    await pair.write(1, LEVEL, 1.0, START)
    await pair.deliver()
    assert pair.centre.store.peek("urn:ngsi-ld:Secret:1") is None
    assert len(await pair.history(pair.centre)) == 1
    assert pair.delivering.cursor(pair.branch) == pair.branch.store.last_seq


async def test_a_centre_that_was_set_back_is_told_again() -> None:
    pair = Pair()
    for n in range(5):
        await pair.write(1, LEVEL, float(n), START + timedelta(minutes=n))
        await pair.deliver()
    pair.centre = new_town(lambda: pair.now)
    pair.wire = Wire(pair.centre)
    await pair.write(1, LEVEL, 9.0, START + timedelta(hours=1))
    await pair.deliver()
    assert await pair.history(pair.centre) == await pair.history(pair.branch)


async def test_a_branch_that_was_set_back_does_not_take_its_new_writes_for_old_ones() -> None:
    pair = Pair()
    for n in range(5):
        await pair.write(1, LEVEL, float(n), START + timedelta(minutes=n))
    await pair.deliver()
    mark = (pair.branch.store.record("branch-delivery", "centre") or {})["mark"]
    pair.branch = new_town(lambda: pair.now)  # set back to a backup of the second write
    for n in range(2):
        await pair.write(1, LEVEL, float(n), START + timedelta(minutes=n))
    kept = {"mark": mark, "seq": 2, "delivered": 2, "until": 2}
    await pair.branch.store.transact(lambda tx: tx.put_record("branch-delivery", "centre", kept))
    for n in range(3):
        await pair.write(1, LEVEL, 50.0 + n, START + timedelta(hours=1 + n))
    await pair.deliver()
    values = [row[4] for row in await pair.history(pair.centre)]
    assert values == [0.0, 1.0, 2.0, 3.0, 4.0, 50.0, 51.0, 52.0]


async def test_nonsense_is_refused_and_changes_nothing() -> None:
    pair = Pair()
    path = "/branches/school/changes"
    row = {"seq": 2, "verb": "created", "entity": {"id": "urn:a:1", "type": "T"}}
    for body, status in (
        ({"after": 0, "changes": "x"}, 400), ({"after": 0, "changes": [{}]}, 400), ({"after": 7, "changes": []}, 409),
        ({"after": 0, "changes": [row, {**row, "seq": 1}]}, 400), ({"changes": []}, 400),
        ({"after": 0, "changes": [{**row, "gone": [["x"]]}]}, 400),
    ):  # fmt: skip
        told = await settled(answer(pair.wire.router, Request("POST", path, body=orjson.dumps(body)), path))
        assert told.status == status, body
    assert pair.centre.store.last_seq == 0


# --- two processes


def upsert(at: RunningTown, number: int) -> None:
    when = (START + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
    level = {"type": "Property", "value": number, "observedAt": when}
    body = json.dumps([{"id": "urn:ngsi-ld:RiverGauge:1", "type": GAUGE, LEVEL: level}]).encode()
    url = f"{at.url}/ngsi-ld/v1/entityOperations/upsert?options=update"
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout=30):
        pass


PAST_OF = "/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:RiverGauge:1"


def tell(at: RunningTown, method: str, path: str, body: Any) -> None:
    said = urllib.request.Request(at.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    said.method = method
    with urllib.request.urlopen(said, timeout=30):
        pass


def tell_of_the_past(at: RunningTown) -> None:
    """A reading that comes late, and one of the past that is put right."""
    said = {"type": "Property", "value": -1, "observedAt": "2026-06-30T23:00:00Z"}
    tell(at, "POST", f"{PAST_OF}/attrs", {LEVEL: said})
    rows = at.get(f"{PAST_OF}?timerel=after&timeAt=2020-01-01T00:00:00Z")[LEVEL]
    (wrong,) = [row for row in rows if row["value"] == 7]
    right = {"type": "Property", "value": 7.5, "observedAt": wrong["observedAt"]}
    tell(at, "PATCH", f"{PAST_OF}/attrs/{urllib.parse.quote(LEVEL, safe='')}/{wrong['instanceId']}", {LEVEL: right})


def values(at: RunningTown) -> list[float]:
    url = "/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:RiverGauge:1?timerel=after&timeAt=2020-01-01T00:00:00Z"
    try:
        found = at.get(url).get(LEVEL, [])
    except urllib.error.HTTPError:
        return []
    rows = found if isinstance(found, list) else [found]
    return [row["value"] for row in sorted(rows, key=lambda row: row["observedAt"])]


def test_both_processes_are_killed_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    port = str(free_port())
    branch, centre = tmp_path / "branch", tmp_path / "centre"
    for folder in (branch, centre):
        folder.mkdir()
    told = f'[branch]\nof = "http://127.0.0.1:{port}"\nname = "school"\ntypes = ["RiverGauge"]\n'
    branch.joinpath("machinami.toml").write_text(told)
    with town(centre, "--port", port) as there:
        with town(branch) as here:
            for n in range(20):
                upsert(here, n)
            there.kill()
            for n in range(20, 40):
                upsert(here, n)
            tell_of_the_past(here)
            here.kill()
        with town(branch) as here:
            for n in range(40, 60):
                upsert(here, n)
            with town(centre, "--port", port) as back:
                deadline = time.monotonic() + 60
                wanted = [-1.0, *(7.5 if n == 7 else float(n) for n in range(60))]
                while values(back) != wanted:
                    assert time.monotonic() < deadline, values(back)
                    time.sleep(0.1)


async def test_both_sides_know_how_far_a_branch_is_behind() -> None:
    pair, now = Pair(), START.timestamp() + 1_000.0
    pair.wire.hearing.clock = pair.delivering._clock = lambda: now
    own, centre = Lagging(Hearing(lambda: now), pair.delivering), Lagging(pair.wire.hearing, None)
    for n in range(300):
        await pair.write(1, LEVEL, float(n), START + timedelta(minutes=n))
    await pair.deliver("cut")
    (here,) = own.facts()
    assert (here.seconds, here.changes, here.heard) == (1_000.0, 300, None)
    assert not own.parts()[0].ok
    assert list(centre.facts()) == []  # a centre knows nothing of a branch that never reached it
    await pair.deliver()
    assert [(one.seconds, one.changes) for one in own.facts()] == [(0.0, 0)]
    (there,) = centre.facts()
    assert (there.name, there.seconds, there.changes) == ("school", 0.0, 0)
    figures = {"branch_lag_seconds", "branch_lag_changes", "branch_refused_changes"}
    assert {one.name for one in centre.metrics()} == figures
    await pair.deliver("cut")  # nothing is to be delivered, and the centre is not told each second
    now += 500.0
    assert not centre.parts()[0].ok  # it does not say any more that it lives
    await pair.deliver()
    assert centre.parts()[0].ok
    again = Hearing(lambda: now + 86_400.0)
    await again.load(pair.centre)
    assert [one.name for one in again.branches()] == ["school"]  # after a start of the centre


async def test_files_come_before_the_writes_that_name_them_once_and_go_as_they_went_at_the_branch() -> None:
    pair = Pair()
    here, there = pair.folders()
    await there.put("civic_reports", "theirs.jpg", b"of the centre")
    await here.put("civic_reports", "a.jpg", b"a face")
    await here.put("civic_reports", "theirs.jpg", b"of the branch")
    await here.put("months", "secret.parquet", b"of a service that is not delivered")
    await pair.write(1, LEVEL, 1.0, START)
    await pair.deliver("cut")
    pair.wire.state = "ok"
    with pytest.raises(BadGateway, match=r"theirs\.jpg: 409"):
        await pair.delivering.deliver(pair.branch)
    assert await there.get("civic_reports", "a.jpg") == b"a face"
    assert await there.get("civic_reports", "theirs.jpg") == b"of the centre"
    assert await there.names("months") == []
    assert len(await pair.history(pair.centre)) == 1  # one file that is not taken holds up nothing else
    await here.drop("civic_reports", "theirs.jpg")
    await here.put("civic_reports", "a.jpg", b"a blurred face")
    pair.start()
    await pair.deliver()
    assert await there.get("civic_reports", "a.jpg") == b"a blurred face"
    calls = pair.wire.calls
    pair.start()
    await pair.deliver()
    assert pair.wire.calls == calls + 1  # nothing is brought twice
    await here.drop("civic_reports", "a.jpg")
    await pair.deliver()
    assert await there.names("civic_reports") == ["theirs.jpg"]


async def test_a_file_whose_answer_was_lost_goes_when_it_is_destroyed_at_the_branch() -> None:
    pair = Pair()
    here, there = pair.folders()
    await here.put("civic_reports", "a.jpg", b"a face")
    await pair.deliver("lost")
    assert await there.names("civic_reports") == ["a.jpg"]
    await here.drop("civic_reports", "a.jpg")
    pair.start()
    await pair.deliver()
    assert await there.names("civic_reports") == []


async def test_a_file_that_the_centre_had_no_room_for_comes_later() -> None:
    pair = Pair()
    (here, there), now = pair.folders(), 1_000_000.0
    told = BranchSettings("http://centre", "school", ("RiverGauge",), files=("civic_reports",))
    pair.delivering = Delivering(told, lambda: pair.wire, lambda: now)
    await here.put("civic_reports", "a.jpg", b"a face")
    pair.wire.state = "busy"
    with pytest.raises(BadGateway, match=r"a\.jpg: 503"):
        await pair.delivering.deliver(pair.branch)
    pair.wire.state, now = "ok", now + 31.0
    await pair.delivering.deliver(pair.branch)
    assert await there.names("civic_reports") == ["a.jpg"]


async def test_files_stay_at_the_centre_when_a_service_is_no_longer_delivered() -> None:
    pair = Pair()
    here, there = pair.folders()
    await here.put("civic_reports", "a.jpg", b"a face")
    await pair.deliver()
    told = BranchSettings("http://centre", "school", ("RiverGauge",))
    pair.delivering = Delivering(told, lambda: pair.wire)
    await pair.write(1, LEVEL, 1.0, START)
    await pair.deliver()
    told = BranchSettings("http://centre", "school", ("RiverGauge",), files=("months",))
    pair.delivering = Delivering(told, lambda: pair.wire)
    await pair.deliver()
    assert await there.names("civic_reports") == ["a.jpg"]


async def test_a_centre_that_was_set_back_gets_the_files_again() -> None:
    pair = Pair()
    assert pair.branch.files is not None
    await pair.branch.files.put("civic_reports", "a.jpg", b"a face")
    await pair.write(1, LEVEL, 1.0, START)
    await pair.deliver()
    pair.centre = new_town(lambda: pair.now)  # restored from before
    pair.wire = Wire(pair.centre)
    await pair.write(1, LEVEL, 2.0, START)
    for _ in range(2):
        await pair.deliver()
    assert pair.centre.files is not None
    assert await pair.centre.files.names("civic_reports") == ["a.jpg"]
