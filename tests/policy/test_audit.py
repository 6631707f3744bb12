"""What is accounted for: who read, changed or was refused what. And whether anybody changed the account."""

import copy
import string
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.test_rules import ADMINISTRATOR, CASE, RESIDENT
from tests.policy.towns import DEFAULT, Protected, protected, row
from tests.running import EARLY

from machinami.broker import operations, policy_rows
from machinami.broker.audit import Audit, Search
from machinami.broker.legal_records import put_ground, put_mark
from machinami.foundation.errors import Forbidden
from machinami.model.audit import BEGIN, Head, entries_of, entry, entry_of, faults, opened, read_head, sealed
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.legal import Basis, Ground, LegalClass, Mark
from machinami.model.policy import Deed, Whom
from machinami.model.principal import SEPARATOR, Principal
from machinami.model.query import Page, Query
from machinami.store.protocol import Transaction


async def _audit(town: Protected) -> Audit:
    return town.town.broker.audit(await town.town.broker.town(None))


async def _found(town: Protected, **wanted: Any) -> list[dict[str, Any]]:
    trail = await (await _audit(town)).search(Search(**wanted), 100, ADMINISTRATOR)
    return [one for one in trail.entries if "looked" not in one]


async def test_every_change_is_noted_with_who_made_it_for_whom_and_what_for(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        house = await town.town.broker.town(None)
        for_somebody = Principal("urn:program:1", frozenset({"officer"}), "care", "urn:person:7", 2, 2)
        await operations.delete_attribute(house, "urn:x:case", DEFAULT + "name", for_somebody)
        changed, created = await _found(town, what="urn:x:case")
        assert (created["who"], created["did"], created["types"]) == (ADMINISTRATOR.id, "create", [DEFAULT + "Case"])
        assert {name: changed[name] for name in ("who", "for", "purpose", "did", "attributes")} == {
            "who": "urn:program:1",
            "for": "urn:person:7",
            "purpose": "care",
            "did": "change",
            "attributes": [DEFAULT + "name"],
        }
        assert await _found(town, who="urn:person:7") == [changed]


async def test_who_reads_what_is_personal_is_noted_and_who_reads_anything_else_is_not(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        house = await town.town.broker.town(None)
        await town.ask("officer", "GET", "/entities/urn:x:case")
        assert await _found(town, did="read") == []
        await put_mark(house, Mark(LegalClass.PERSONAL, attribute=DEFAULT + "name"), ADMINISTRATOR)
        for role in ("officer", "administrator"):
            until = EARLY.replace(year=2027)
            ground = Ground(role, Basis.OWN_USE, Whom.ROLE, role, "the case is worked on", until)
            await put_ground(house, ground, ADMINISTRATOR)
        await town.ask("officer", "GET", "/entities/urn:x:case")
        await operations.query(house, Query(), Page(), ADMINISTRATOR)
        assert [(one["who"], one["attributes"]) for one in await _found(town, did="read")] == [
            (ADMINISTRATOR.id, [DEFAULT + "name"]),
            ("urn:person:officer", [DEFAULT + "name"]),
        ]


async def test_every_refusal_is_noted_once_a_second_with_how_often_it_was_made(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        for _ in range(3):
            await town.ask("nobody", "GET", "/entities/urn:x:case")
        await town.ask("resident", "GET", "/entities/urn:x:case")
        await town.ask("resident", "DELETE", "/entities/urn:x:case")
        refused = await _found(town, refused=True)
        assert {(one["who"], one["did"]) for one in refused} == {
            ("anonymous", "read"), (RESIDENT.id, "read"), (RESIDENT.id, "change")}  # fmt: skip
        assert sum(one.get("times", 1) for one in refused if one["who"] == "anonymous") == 3


async def test_changes_of_the_policy_are_noted(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        house = await town.town.broker.town(None)
        await policy_rows.allow(house, row("open", "everyone", ["read"], types=["Case"]), ADMINISTRATOR)
        await policy_rows.withdraw(house, "open", ADMINISTRATOR)
        assert [one["what"].split(":")[0] for one in await _found(town, did="administer")] == ["withdrew", "allowed"]


async def test_only_administrators_look_into_the_account(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        with pytest.raises(Forbidden):
            await (await _audit(town)).search(Search(), 1, RESIDENT)


async def test_what_was_not_noted_before_the_town_ended_is_noted_after_it(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        audit = await _audit(town)
        await audit.head(ADMINISTRATOR)
        audit._changes.clear()
        await town.ask("officer", "PATCH", "/entities/urn:x:case/attrs/state", {"value": "closed"})
        audit._changes.clear()  # as if it had ended between the commit and the note
    async with protected(tmp_path) as town:
        assert [one["did"] for one in await _found(town, what="urn:x:case")] == ["change", "create"]
        assert faults(await (await _audit(town)).batches(0, 100, ADMINISTRATOR)) == []


async def test_changes_that_were_too_many_to_wait_in_memory_are_noted_from_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("machinami.broker.audit._MOST_WAITING", 3)
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        audit, house = await _audit(town), await town.town.broker.town(None)
        for step in range(20):
            await town.ask("officer", "PATCH", "/entities/urn:x:case/attrs/state", {"value": f"state {step}"})
        assert len(audit._changes) <= 3
        await audit.keep()
        await town.ask("officer", "PATCH", "/entities/urn:x:case/attrs/state", {"value": "closed"})
        noted = [one["seq"] for one in await _found(town, did="change", what="urn:x:case")]
        assert noted == list(range(house.store.last_seq, house.store.last_seq - 21, -1))
        assert faults(await audit.batches(0, 100, ADMINISTRATOR)) == []


async def test_nothing_personal_is_shown_while_nothing_more_can_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        audit, house = await _audit(town), await town.town.broker.town(None)
        await put_mark(house, Mark(LegalClass.PERSONAL, attribute=DEFAULT + "name"), ADMINISTRATOR)
        until = EARLY.replace(year=2027)
        ground = Ground("officer", Basis.OWN_USE, Whom.ROLE, "officer", "the case is worked on", until)
        await put_ground(house, ground, ADMINISTRATOR)
        monkeypatch.setattr("machinami.broker.audit._MOST_WAITING", 0)
        assert (await town.ask("officer", "GET", "/entities/urn:x:case")).status == 503
        monkeypatch.undo()
        await audit.keep()
        assert (await town.ask("officer", "GET", "/entities/urn:x:case")).status == 200
        assert [one["who"] for one in await _found(town, did="read")] == ["urn:person:officer"]


texts = st.text(st.sampled_from(string.printable + "é街\u2028\x1f%"), max_size=12)


@given(
    st.sampled_from(list(Verb)), texts, texts, texts, st.lists(texts, max_size=3), st.lists(texts, max_size=3),
    st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**60),
)  # fmt: skip
def test_the_entry_of_a_change_says_all_of_it_as_json(
    verb: Verb, who: str, purpose: str, entity: str, types: list[str], names: list[str], at: datetime, seq: int
) -> None:
    who, purpose = who.replace(SEPARATOR, ""), purpose.replace(SEPARATOR, "")
    parts = tuple(AttributeChange(name, None, None) for name in names)
    by = Principal(who, purpose=purpose or None).signature
    change = Change(verb, entity, tuple(types), None, None, parts, at, by, seq)
    deed = {Verb.CREATED: "create", Verb.UPDATED: "change", Verb.DELETED: "delete"}[verb]
    said = {"at": at, "who": who, "did": deed, "entity": entity, "types": types, "attributes": [*dict.fromkeys(names)]}
    more = {"purpose": purpose} if purpose else {}
    assert entry_of(change) == orjson.dumps({**said, "seq": seq, **more}, option=orjson.OPT_UTC_Z)


def _batches(number: int = 5) -> list[dict[str, Any]]:
    head, found = Head(), []
    for n in range(number):
        found.append(sealed([entry(EARLY, "urn:person:1", Deed.READ, entity=f"urn:x:{n}")], head))
        head = Head(found[-1]["number"], found[-1]["digest"])
    return found


def _changed(batches: list[dict[str, Any]]) -> None:
    batches[2]["entries"] = batches[2]["entries"].replace("urn:person:1", "urn:person:2")


def _resealed(batches: list[dict[str, Any]]) -> None:
    _changed(batches)
    batches[2] = sealed(entries_of(batches[2]), Head(2, batches[1]["digest"]))


def _removed(batches: list[dict[str, Any]]) -> None:
    del batches[2]


def _reordered(batches: list[dict[str, Any]]) -> None:
    batches[1], batches[2] = batches[2], batches[1]


def _broken(batches: list[dict[str, Any]]) -> None:
    batches[3] = {"number": 4}


def _inserted(batches: list[dict[str, Any]]) -> None:
    batches.insert(2, sealed([entry(EARLY, "urn:person:9", Deed.READ)], Head(2, batches[1]["digest"])))


def _renumbered(batches: list[dict[str, Any]]) -> None:
    del batches[2]
    for number, batch in enumerate(batches, 1):
        batch["number"] = number


def _beheaded(batches: list[dict[str, Any]]) -> None:
    del batches[0]


def _doubled(batches: list[dict[str, Any]]) -> None:
    batches.insert(3, batches[2])


@pytest.mark.parametrize(
    "tamper", [_changed, _resealed, _removed, _reordered, _broken, _inserted, _renumbered, _beheaded, _doubled]
)
def test_tampering_is_found(tamper: Callable[[list[dict[str, Any]]], None]) -> None:
    batches = _batches()
    assert faults(batches) == []
    tampered = copy.deepcopy(batches)
    tamper(tampered)
    assert faults(tampered)


def test_that_the_end_was_cut_off_is_found_by_a_head_that_was_kept_apart() -> None:
    batches = _batches()
    head = read_head(str(Head(5, batches[-1]["digest"])))
    assert faults(batches, head) == []
    assert faults(batches[:3]) == []
    assert faults(batches[:3], head)
    rewritten = _batches(4)
    rewritten.append(sealed([entry(EARLY, "urn:person:9", Deed.READ)], Head(4, rewritten[-1]["digest"])))
    assert faults(rewritten) == []
    assert faults(rewritten, head)


def test_that_all_was_chained_anew_is_found_by_a_head_that_was_kept_apart() -> None:
    kept, head, chained = _batches(), Head(), []
    for batch in kept:
        entries = [one for one in entries_of(batch) if one["entity"] != "urn:x:1"]
        chained.append(sealed(entries, head))
        head = Head(chained[-1]["number"], chained[-1]["digest"])
    assert faults(chained) == []
    assert faults(chained, Head(5, kept[-1]["digest"]))
    assert faults(chained, Head(2, kept[1]["digest"]))
    assert faults(chained, Head(1, kept[0]["digest"])) == []


def test_an_exported_batch_has_the_digest_of_the_kept_one() -> None:
    assert faults(map(opened, _batches())) == []


def test_a_head_is_read_as_it_is_written() -> None:
    assert read_head(str(Head())) == Head(0, BEGIN)
    with pytest.raises(ValueError, match="head"):
        read_head("12")


async def test_a_record_that_was_changed_in_the_file_is_found(tmp_path: Path) -> None:
    async with protected(tmp_path) as town:
        await town.ask("administrator", "POST", "/entities", CASE)
        audit = await _audit(town)
        await audit.head(ADMINISTRATOR)
        store = (await town.town.broker.town(None)).store
        kept = await store.records("audit/00000000")
        place = max(kept)
        kept[place]["entries"] = kept[place]["entries"].replace(ADMINISTRATOR.id, "urn:person:innocent")

        def work(tx: Transaction) -> None:
            tx.put_record("audit/00000000", place, kept[place])

        await store.transact(work)
        assert faults(await audit.batches(0, 100, ADMINISTRATOR)) == [f"batch {int(place)} was changed"]
