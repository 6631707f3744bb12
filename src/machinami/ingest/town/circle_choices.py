"""What did the people of the simulated town choose, answer and say to each other? Invented ballots, really counted.

The budget round is counted by the rule by which the town counts (`methods.budget_round`); means are means of the
answers that stand here. No voter and no answer is anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from machinami.ingest.town.circle_words import BALLOTS, PROJECTS, REMARKS
from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.thing import thing
from machinami.methods.budget_round import counted
from machinami.model.reading import Reading
from machinami.model.view import Ref, Words

BUDGET = 3_000_000
BANDS = ("18-29", "30-49", "50-64", "65+")
OF_A_BAND = 15
FRAME = "2026-1"  # the version of the frame of questions of the participation service
FELT = {"happy": 6.6, "content": 6.2, "ahead": 5.4, "stay": 7.4}
"""How life as a whole was answered in the middle, from 0 to 10."""
SAID = {"moving": 2.3, "disasters": 2.8, "health": 3.4, "ties": 3.6, "nature": 4.3, "care": 2.9, "shopping": 2.6}
"""How single things were answered in the middle, from 1 to 5."""
FIGURES = {"disasters": "shelter-places", "health": "steps"}
"""Beside which question stands which measured figure of the town."""


def choices(day: date, at: datetime) -> Iterator[Reading]:
    """A round that was decided and one that is open, a survey with its answers and one that is open, and comments."""
    yield from _rounds(day, at)
    yield from _surveys(day, at)
    for key, about, ja, days_ago in REMARKS:
        yield from thing(
            "ProposalComment", identifier("ProposalComment", key), at, text=Words(ja=ja), author=f"simulated-{key}",
            verified=True, state="shown", postedAt=at - timedelta(days=days_ago),
            refProposal=Ref(identifier("Proposal", about)),
        )  # fmt: skip


def _rounds(day: date, at: datetime) -> Iterator[Reading]:
    projects = [{"id": key, "name": name, "text": text, "cost": cost} for key, name, text, cost in PROJECTS]
    ballots = [wanted for wanted, count in BALLOTS for _ in range(count)]
    yield from thing(
        "BudgetRound", identifier("BudgetRound", "1"), at, state="closed", budget=BUDGET, projects=projects,
        name=Words(ja="みんなで決める 300 万円（模擬）", en="Three million yen, decided by all (simulated)"),
        text=Words(ja="歩く町にするための小さな工事を選ぶ。", en="Small works for a town in which people walk."),
        closesOn=(day - timedelta(days=30)).isoformat(), ballots=len(ballots), unverified=0,
        outcome=counted(projects, BUDGET, ballots),
    )  # fmt: skip
    yield from thing(
        "BudgetRound", identifier("BudgetRound", "2"), at, state="open", budget=BUDGET, projects=projects[2:],
        name=Words(ja="次の 300 万円（模擬）", en="The next three million yen (simulated)"),
        text=Words(ja="前回えらばれなかったものから、もう一度えらぶ。", en="Of what was not chosen before, once more."),
        closesOn=(day + timedelta(days=30)).isoformat(), ballots=0, unverified=0,
    )  # fmt: skip


def _surveys(day: date, at: datetime) -> Iterator[Reading]:
    questions = {name: _summed(number, middle, 0, 10) for number, (name, middle) in enumerate(FELT.items())}
    questions |= {name: _summed(number, middle, 1, 5) for number, (name, middle) in enumerate(SAID.items(), 9)}
    yield from thing(
        "WellBeingSurvey", identifier("WellBeingSurvey", "1"), at, state="closed", frame=FRAME, unverified=0,
        name=Words(ja="暮らしの実感アンケート（模擬）", en="How life here feels (simulated)"),
        closesOn=(day - timedelta(days=40)).isoformat(), answers=OF_A_BAND * len(BANDS),
        results={"frame": FRAME, "smallest": 10, "questions": questions},
        figures={name: identifier("KeyPerformanceIndicator", key) for name, key in FIGURES.items()},
    )  # fmt: skip
    yield from thing(
        "WellBeingSurvey", identifier("WellBeingSurvey", "2"), at, state="open", frame=FRAME, answers=0, unverified=0,
        name=Words(ja="暮らしの実感アンケート 2 回目（模擬）", en="How life here feels, again (simulated)"),
        closesOn=(day + timedelta(days=30)).isoformat(),
    )  # fmt: skip


def _summed(number: int, middle: float, least: int, most: int) -> dict[str, object]:
    """How a question was answered around its middle: the same number in each band, so that no small group is told."""
    answers = {
        band: [min(max(round(middle + _swing(number, place, who)), least), most) for who in range(OF_A_BAND)]
        for place, band in enumerate(BANDS)
    }
    every = [one for said in answers.values() for one in said]
    means = {band: round(sum(said) / len(said), 1) for band, said in answers.items()}
    return {"count": len(every), "mean": round(sum(every) / len(every), 1), "bands": means}


def _swing(number: int, place: int, who: int) -> float:
    """How far from the middle somebody answered: people differ, and bands a little."""
    return ((who * 37 + number * 11 + place) % 7 - 3) / 2 + (place - 1.5) * (number % 5 - 2) / 3
