"""Does what the ethics board demanded of published groups hold for what is released of the same data?"""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.approving import approve
from tests.broker.releases.walkers import CLERK, STEPS, WALKER, People, noisy, people_in, wanted

from machinami.broker import legal_records
from machinami.broker.releases.version import State, Version
from machinami.foundation.errors import NotApproved
from machinami.methods.anonymity import noisy as noise
from machinami.methods.anonymity.made import Unit
from machinami.model.approval import Approval
from machinami.model.town_terms import TERMS

PROGRAM = "program:urn:machinami:walking"


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with people_in(tmp_path) as found:
        yield found


def approval(people: People, purpose: str = "walking") -> Approval:
    return legal_records.law_of(people.town).approvals[purpose]


async def test_a_release_of_smaller_groups_than_were_approved_is_refused(people: People) -> None:
    await approve(people.town, "walking", [PROGRAM], [STEPS], group=12)

    with pytest.raises(NotApproved, match="fewer than 12 people, and this is of 10"):
        await people.prepare()
    assert (await people.prepare(wanted(k=12))).state is State.PREPARED


@pytest.mark.parametrize(
    "bounds",
    [{"types": [WALKER]}, {"types": [STEPS], "attributes": (TERMS["steps"],)}, {"attributes": (TERMS["ageBand"],)}],
    ids=["the people", "an attribute of the records", "an attribute wherever it is"],
)
async def test_it_holds_for_whatever_of_the_data_the_purpose_was_about(people: People, bounds: dict) -> None:
    await approve(people.town, "walking", [PROGRAM], group=12, **bounds)

    with pytest.raises(NotApproved):
        await people.prepare()


async def test_what_is_asked_for_other_data_demands_nothing_of_this_release(people: People) -> None:
    await approve(people.town, "reports", [PROGRAM], [TERMS["RiverGauge"]], group=50)
    await approve(people.town, "weight", [PROGRAM], attributes=("https://example.org/weight",), group=50)

    assert (await people.prepare()).state is State.PREPARED


async def test_the_greatest_demand_counts_and_one_that_has_ended_too(people: People) -> None:
    await approve(people.town, "walking", [PROGRAM], [STEPS], group=11)
    await approve(people.town, "advice", [PROGRAM], [WALKER], group=14)
    approvals = legal_records.law_of(people.town).approvals
    approvals["advice"] = replace(approvals["advice"], ended=people.town.clock())

    with pytest.raises(NotApproved, match="fewer than 14"):
        await people.prepare(wanted(k=13))


async def test_what_waits_does_not_go_out_when_the_board_demands_more_by_then(people: People) -> None:
    made = await people.prepare()
    await approve(people.town, "walking", [PROGRAM], [STEPS], group=12)

    with pytest.raises(NotApproved):
        await people.publish(made)


def test_noise_holds_back_each_group_that_may_be_smaller() -> None:
    plan = noisy(1.0).plan
    cells, sums = noise.totals(plan, [Unit("a", ("本町", "75+", 5_000.0))])
    sums[0] = [10 * (at + 1) for at in range(len(cells))]
    open_made = noise.make_noisy(plan, cells, sums, [6.0, 900.0])
    made = noise.make_noisy(plan, cells, sums, [6.0, 900.0], least=30)

    assert [row[2] for row in open_made.rows] == sums[0]
    assert [row[2] for row in made.rows] == [None, None, None, *sums[0][3:]]  # 30 - 6 may be fewer than 30
    assert all(row[3] is None for row in made.rows[:3])
    assert (made.withheld, made.remarks[-1].kind, made.is_safe) == (3, "unsure", True)


async def test_noise_that_tells_of_fewer_than_were_approved_meanwhile_does_not_go_out(people: People) -> None:
    pytest.importorskip("opendp", reason="OpenDP draws the noise, and is not installed here")
    made = await people.prepare(noisy(0.5))
    await approve(people.town, "walking", [PROGRAM], [STEPS], group=200)

    with pytest.raises(NotApproved, match="fewer than 200"):
        await people.publish(made)
    again = await people.prepare(noisy(0.5))
    assert again.withheld == len(again.rows)


async def test_who_decides_is_told_of_noise_beside_a_table_of_the_same_people(people: People) -> None:
    pytest.importorskip("opendp", reason="OpenDP draws the noise, and is not installed here")
    first = await people.prepare()
    await people.publish(first)
    second = await people.prepare(noisy(0.3, id="noisy"))

    assert beside(first) == ""
    assert beside(second) == "steps/1"
    await people.publish(second)
    third = await people.prepare(wanted(id="third"))
    assert beside(third) == "noisy/1"
    other = await people.prepare(wanted(id="later", since="2026-07-01", until="2026-07-29"), by=CLERK)
    assert beside(other) == ""


def beside(made: Version) -> str:
    found = [dict(one.facts)["others"] for one in made.remarks if one.kind == "beside"]
    return found[0] if found else ""
