"""Is a budget shared out as the rule says, is each project told why, and does one person count once?"""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.participation.conftest import OFFICER, Square

from machinami.broker import operations
from machinami.foundation.errors import BadRequestData, Conflict
from machinami.kit.words import Words
from machinami.methods.budget_round import counted
from machinami.methods.equal_shares import election, equal_shares
from machinami.model.principal import SYSTEM
from machinami.services.participation import service
from machinami.services.participation.book.rounds import Rounds
from machinami.services.participation.logic import budgeting, record
from machinami.services.participation.model import BudgetRound, ParticipationStep, Voice

WORDS = Words("ja", service.PACKAGE)
NOBODY = Voice("device:1")
PARK, POOL, HALL, PATH = ("park", 30), ("pool", 30), ("hall", 40), ("path", 40)


def rows(*projects: tuple[str, int]) -> list[dict[str, object]]:
    return [{"id": name, "name": name, "text": "", "cost": cost} for name, cost in projects]


def fared(outcome: dict[str, object], project: str) -> dict[str, object]:
    found = outcome["projects"]
    assert isinstance(found, list)
    return next(row for row in found if row["id"] == project)


def test_a_minority_gets_its_part_and_each_project_is_told_why() -> None:
    ballots = [["park", "pool", "hall"]] * 60 + [["path"]] * 40
    outcome = counted(rows(PARK, POOL, HALL, PATH), 100, ballots)
    assert fared(outcome, "path") == {
        "id": "path", "votes": 40, "greedy": False, "how": "shares", "place": 2, "payers": 40, "least": 1, "most": 1,
    }  # fmt: skip
    missed = fared(outcome, "park")
    assert (missed["how"], missed["greedy"], missed["votes"]) == ("none", True, 60)
    assert missed["short"] == 10
    assert (outcome["spent"], outcome["left"]) == (80, 20)


def test_nobody_voting_spends_nothing_and_nobody_wanting_it_is_said() -> None:
    assert counted(rows(PARK), 100, [])["spent"] == 0
    assert fared(counted(rows(PARK, POOL), 100, [["pool"]]), "park")["how"] == "none"


@st.composite
def polls(draw: st.DrawFn) -> tuple[int, list[dict[str, object]], Sequence[Sequence[str]]]:
    names = [f"p{n}" for n in range(draw(st.integers(1, 6)))]
    projects = rows(*((name, draw(st.integers(1, 500_000))) for name in names))
    ballots = draw(st.lists(st.lists(st.sampled_from(names), min_size=1, unique=True), max_size=15))
    return draw(st.integers(1, 1_000_000)), projects, ballots


@given(polls())
def test_what_is_told_adds_up(poll: tuple[int, list[dict[str, object]], Sequence[Sequence[str]]]) -> None:
    budget, projects, ballots = poll
    outcome = counted(projects, budget, ballots)
    assert 0 <= outcome["spent"] <= budget
    assert outcome["spent"] + outcome["left"] == budget
    costs = {str(p["id"]): int(str(p["cost"])) for p in projects}
    for row in outcome["projects"]:
        assert row["votes"] == sum(row["id"] in ballot for ballot in ballots)
        if row["how"] == "shares":
            assert row["payers"] <= row["votes"]
            assert row["least"] * row["payers"] <= costs[row["id"]] + row["payers"]
            assert row["most"] * row["payers"] >= costs[row["id"]] - row["payers"]
        if row["how"] == "none" and row["votes"]:
            assert row["short"] >= 0
    if ballots:  # what everybody can pay from equal parts is never given up by raising them
        of = election(budget, costs, [dict.fromkeys(ballot, 1) for ballot in ballots])
        assert outcome["spent"] >= max((costs[p] for p in equal_shares(of).chosen), default=0)


@pytest.mark.parametrize("text", ["", "yen", "-5", "0", "1.5", "9" * 20])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadRequestData):
        budgeting.checked_yen(text, "budget")


@pytest.mark.parametrize("text", ["", "soon", "2026-06-29", "2026-02-30"])
def test_a_last_day_is_a_day_that_is_not_past(text: str) -> None:
    with pytest.raises(BadRequestData):
        budgeting.checked_day(text, date(2026, 6, 30))


async def begun(square: Square) -> str:
    """A round that takes votes."""
    rounds = Rounds(square.city)
    made = await rounds.begin_round("みんなの 100 万円", "", 100, "2026-07-10", "ja", OFFICER)
    for name, cost in (PARK, POOL, HALL, PATH):
        await rounds.add_project(made, name, "", cost, OFFICER)
    await rounds.open_round(made, OFFICER)
    return made


async def test_a_ballot_counts_once_and_only_of_who_is_signed_in(square: Square) -> None:
    made = await begun(square)
    for by, wanted in ((square.voice("kei"), ["p1"]), (NOBODY, ["p2"]), (square.voice("kei"), ["p4"])):
        receipt = await service.vote(square.city, made, wanted, "n", by)
    found = await service.there(square.city, BudgetRound, made)
    assert (found.ballots, found.unverified) == (1, 1)
    steps = record.entries(await square.city.find(ParticipationStep))
    assert [e["receipt"] for e in steps if e["did"] == "ballot"][-1] == receipt
    await service.close_round(square.city, made, "x")
    found = await service.there(square.city, BudgetRound, made)
    assert found.outcome is not None
    assert found.outcome["voters"] == 1
    assert [row["how"] for row in found.outcome["projects"]][1] == "none"
    assert [row["id"] for row in found.outcome["projects"] if row["how"] != "none"] == ["p4"]
    with pytest.raises(Conflict):
        await service.vote(square.city, made, ["p1"], "n", square.voice("aoi"))
    assert (await service.verify(square.city)).is_sound


async def test_who_chose_what_stands_in_no_entity_and_in_no_log(square: Square) -> None:
    made, kei = await begun(square), square.voice("kei")
    await service.vote(square.city, made, ["p3"], "a nonce", kei)
    changes = repr(await square.town.store.changes(0, 1_000))
    assert "a nonce" not in changes
    assert kei.author not in changes
    assert kei.author not in repr(operations.peek(square.town, made, SYSTEM))
    sheet = await Rounds(square.city).one_round(made, WORDS, kei)
    assert [p.id for p in sheet.projects if p.wanted] == ["p3"]
    other = await Rounds(square.city).one_round(made, WORDS, square.voice("aoi"))
    assert not any(p.wanted for p in other.projects)


async def test_a_round_closes_by_itself_after_its_last_day(square: Square) -> None:
    made = await begun(square)
    square.now += timedelta(days=10)
    await service.refresh(square.city, square.now)
    assert (await service.there(square.city, BudgetRound, made)).state == "open"
    square.now += timedelta(days=1)
    await service.refresh(square.city, square.now)
    assert (await service.there(square.city, BudgetRound, made)).state == "closed"


async def test_what_is_voted_on_stands_before_the_vote(square: Square) -> None:
    rounds = Rounds(square.city)
    made = await rounds.begin_round("x", "", 100, "2026-07-10", "ja", OFFICER)
    with pytest.raises(Conflict):
        await rounds.open_round(made, OFFICER)
    with pytest.raises(BadRequestData):
        await rounds.add_project(made, "too much", "", 101, OFFICER)
    for name, cost in (PARK, POOL, HALL):
        await rounds.add_project(made, name, "", cost, OFFICER)
    await rounds.drop_project(made, "p2", OFFICER)
    await rounds.open_round(made, OFFICER)
    with pytest.raises(Conflict):
        await rounds.add_project(made, "late", "", 10, OFFICER)
    with pytest.raises(BadRequestData):
        await service.vote(square.city, made, ["p2"], "n", square.voice("kei"))
    sheet = await rounds.one_round(made, WORDS, NOBODY)
    assert [p.name for p in sheet.projects] == ["park", "hall"]
