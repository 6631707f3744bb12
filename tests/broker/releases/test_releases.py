"""A release is made by one person, checked, published by another, and never lets anybody be worked out."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.broker.releases.walkers import (
    ADMIN,
    CLERK,
    HEAD,
    RESIDENT,
    STEPS,
    WALKER,
    WORK,
    People,
    noisy,
    people_in,
    rows_of_persons,
    wanted,
)

from machinami.broker.releases import budgets, deciding, shelf
from machinami.broker.releases.ledger import Budget, Renewal
from machinami.broker.releases.version import State
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.model.principal import ANONYMOUS


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with people_in(tmp_path) as found:
        yield found


def kinds(version: object) -> dict[str, bool | None]:
    return {one.kind: one.passed for one in version.remarks}  # type: ignore[attr-defined]


async def test_a_table_is_prepared_checked_and_published_by_somebody_else(people: People) -> None:
    made = await people.prepare()
    assert made.state is State.PREPARED
    assert kinds(made)["apart"] is True
    assert ("本町", "75+", 15) in {row[:3] for row in made.rows}
    assert await shelf.published(people.town) == []
    with pytest.raises(NotFound):
        shelf.version(people.town, "steps", 1, ANONYMOUS)
    done = await people.publish(made)
    assert (done.state, done.made_by, done.decided_by) == (State.PUBLISHED, CLERK.id, HEAD.id)
    assert shelf.version(people.town, "steps", 1, ANONYMOUS).rows == made.rows


async def test_nobody_publishes_what_they_made_themselves_or_without_a_reason(people: People) -> None:
    made = await people.prepare(by=HEAD)
    with pytest.raises(Forbidden, match="ask a colleague"):
        await people.publish(made, by=HEAD)
    with pytest.raises(Forbidden):
        await people.publish(made, by=CLERK)  # an officer makes, and does not decide
    with pytest.raises(BadRequestData, match="Say why"):
        await people.publish(made, by=ADMIN, reason=" ")
    with pytest.raises(SignInRequired):
        await people.prepare(by=ANONYMOUS)
    with pytest.raises(Forbidden):
        await people.prepare(by=RESIDENT)


async def test_without_a_recorded_ground_nothing_is_read_and_it_is_said_how_to_record_one(tmp_path: Path) -> None:
    async with people_in(tmp_path, 1, ground=False) as people:
        with pytest.raises(Forbidden, match='"basis": "anonymising"'):
            await people.prepare()


async def test_small_cells_and_what_would_give_them_away_are_held_back(people: People) -> None:
    await people.add([("本町", "40-49")] * 4 + [("駅前", "40-49")] * 12 + [("上町", "40-49")] * 12, 500)
    made = await people.prepare()
    told = {row[:2]: row[2] for row in made.rows}
    assert told["本町", "40-49"] is None
    assert sum(people is None for people in told.values()) >= 2  # one alone would follow from the margins
    assert told["*", "*"] == 163
    assert made.state is State.PREPARED
    assert all(row[3] is None for row in made.rows if row[2] is None)


async def test_a_second_table_that_differs_by_one_person_is_refused_with_both_tables_named(people: People) -> None:
    await people.publish(await people.prepare())
    await people.add([("本町", "75+")], 900)
    made = await people.prepare()
    assert made.state is State.REFUSED
    found = next(one for one in made.remarks if one.kind == "derived")
    facts = dict(found.facts)
    assert facts["count"] == "1"
    assert "steps/1 (" in facts["told"]
    with pytest.raises(Conflict, match="waits for no decision"):
        await people.publish(made)


async def test_what_was_withdrawn_counts_for_later_checks_all_the_same(people: People) -> None:
    first = await people.publish(await people.prepare())
    gone = await deciding.withdraw(people.town, "steps", first.number, "a wrong unit", CLERK)
    assert gone.state is State.WITHDRAWN
    assert shelf.version(people.town, "steps", 1, ANONYMOUS).rows == ()
    await people.add([("本町", "75+")], 900)
    assert (await people.prepare()).state is State.REFUSED


async def test_of_two_that_are_safe_alone_only_one_goes_out(people: People) -> None:
    first = await people.prepare()
    await people.add([("本町", "75+")], 900)
    second = await people.prepare(wanted(id="later"))
    assert second.state is State.PREPARED  # nothing is out yet
    await people.publish(first)
    with pytest.raises(Conflict, match="would show single people"):
        await people.publish(second)
    assert shelf.version(people.town, "later", 1, CLERK).state is State.REFUSED


async def test_two_who_publish_at_the_same_moment_do_not_both_succeed(people: People) -> None:
    first = await people.prepare()
    await people.add([("本町", "75+")], 900)
    second = await people.prepare(wanted(id="later"))
    done = await asyncio.gather(people.publish(first), people.publish(second, by=ADMIN), return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in done) == 1
    assert len(await shelf.published(people.town)) == 1


async def test_another_time_that_overlaps_is_refused_and_one_beside_it_is_not(people: People) -> None:
    await people.publish(await people.prepare())
    assert kinds(await people.prepare(wanted(until="2026-06-20")))["grain"] is False
    beside = await people.prepare(wanted(since="2026-06-29", until="2026-07-29"))
    assert kinds(beside) == {"people": False, "alone": None, "held": None}  # nobody walked yet


async def test_rows_of_persons_are_made_once_for_a_time(people: People) -> None:
    made = await people.prepare(rows_of_persons())
    assert made.state is State.PREPARED, made.remarks
    assert len(made.rows) + made.withheld == 135
    await people.publish(made)
    assert kinds(await people.prepare(rows_of_persons(k=5)))["twice"] is False


async def test_each_read_is_noted_with_the_ground(people: People) -> None:
    notes: list[str] = []
    witness = people.town.policy.witness
    assert witness is not None
    await people.prepare()
    audit = people.town.policy.witness
    waiting = audit._waiting  # type: ignore[union-attr]
    reads = [one for one in waiting if one.get("who", "").startswith("urn:machinami:releases")]
    assert len({one["entity"] for one in reads}) == 270
    notes = [str(one.get("what")) for one in waiting]
    assert any("for release steps/1: anonymous" in note for note in notes)


async def test_noise_is_paid_for_and_refused_when_the_budget_is_used_up(people: People) -> None:
    made = await people.prepare(noisy(0.6))
    assert made.state is State.PREPARED
    assert len(made.rows) == 9
    with pytest.raises(Conflict, match=r"0\.4 of 1 is left.*begins anew on 2027-01-01"):
        await people.prepare(noisy(0.6))
    (account,) = await budgets.accounts(people.town, CLERK, WORK.zone)
    assert (account.spent, account.left, account.renews) == (0.6, 0.4, "2027-01-01")
    await budgets.set_budget(people.town, WALKER, Budget(0.5, Renewal.NEVER), "less", ADMIN)
    with pytest.raises(Conflict, match="does not begin anew"):
        await people.prepare(noisy(0.1))
    with pytest.raises(Forbidden):
        await budgets.set_budget(people.town, STEPS, Budget(), "more", CLERK)


async def test_many_at_once_never_spend_more_than_the_budget(people: People) -> None:
    asked = [people.prepare(noisy(0.3, id=f"n{number}")) for number in range(8)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in done) == 5
    (account,) = await budgets.accounts(people.town, CLERK, WORK.zone)
    assert account.spent == 0.9


async def test_the_same_noise_is_asked_for_twice_at_once_and_drawn_once(people: People) -> None:
    one, other = await asyncio.gather(people.prepare(noisy(0.5)), people.prepare(noisy(0.5)))
    assert one.name == other.name
    (account,) = await budgets.accounts(people.town, CLERK, WORK.zone)
    assert account.spent == 0.5
