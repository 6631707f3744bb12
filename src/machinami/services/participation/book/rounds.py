"""What do officers do with rounds of budgeting and surveys, and what do the pages show of them?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from machinami.foundation.errors import Conflict
from machinami.kit.city import City
from machinami.kit.happening import seen
from machinami.kit.units import unit_text
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.model.vocabulary.office import Officer
from machinami.services.participation import service
from machinami.services.participation.book.telling import day, key_of
from machinami.services.participation.logic import budgeting, pieces, wellbeing
from machinami.services.participation.model import BudgetRound, Voice, WellBeingSurvey

E = TypeVar("E", BudgetRound, WellBeingSurvey)


@dataclass(frozen=True, slots=True)
class ProjectSheet:
    """One project of a round: what it costs, how it fared, and why, as sentences. chosen: whether it is done; greedy:
    whether most votes alone would have chosen it."""

    id: str
    name: str
    text: str
    cost: int
    wanted: bool
    votes: int
    chosen: bool
    greedy: bool
    place: int
    why: str


@dataclass(frozen=True, slots=True)
class RoundSheet:
    """A round in the reader's words. receipt: of who looks, if they voted."""

    id: str
    key: str
    name: str
    text: str
    state: str
    budget: int
    until: str
    ballots: int
    unverified: int
    projects: Sequence[ProjectSheet]
    outcome: Mapping[str, Any]
    receipt: str


@dataclass(frozen=True, slots=True)
class QuestionSheet:
    """One question of a survey: what was answered by who looks, and what is told of all. figure: the indicator that is
    shown beside it."""

    name: str
    least: int
    most: int
    given: int | None
    count: int | None
    mean: float | None
    bands: Mapping[str, float | None]
    figure: "FigureSheet | None"


@dataclass(frozen=True, slots=True)
class FigureSheet:
    """An indicator beside a question: what it is called, its last value and unit."""

    id: str
    name: str
    value: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class SurveySheet:
    """A survey in the reader's words, its questions in the order of the frame, by group. frame: its version."""

    id: str
    key: str
    name: str
    frame: str
    state: str
    until: str
    answers: int
    unverified: int
    band: str
    answered: bool
    overall: Sequence[QuestionSheet]
    groups: Sequence[tuple[str, Sequence[QuestionSheet]]]


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds and surveys of one town as its pages see them. What officers do here is done in their name."""

    city: City

    async def begin_round(self, name: str, text: str, budget: int, until: str, language: str, by: Officer) -> str:
        """A new round, into which projects come next; its id."""
        last = budgeting.checked_day(until, pieces.today(self.city.now(), self.city.zone))
        made = BudgetRound(
            self.city.new_id(BudgetRound.TYPE), pieces.written(name, language), pieces.written(text, language), "draft",
            budget, last, [], 0, 0,
        )  # fmt: skip
        return await self._begin(made, by)

    async def add_project(self, round_id: str, name: str, text: str, cost: int, by: Officer) -> None:
        """One more project."""
        await self._change(
            BudgetRound, round_id, "project", by,
            lambda one: replace(one, projects=budgeting.with_project(one, name, text, cost)),
        )  # fmt: skip

    async def drop_project(self, round_id: str, project: str, by: Officer) -> None:
        """One project less."""
        await self._change(
            BudgetRound, round_id, "no_project", by,
            lambda one: replace(one, projects=budgeting.without_project(one, project)),
        )  # fmt: skip

    async def open_round(self, round_id: str, by: Officer) -> None:
        """Take votes from now on."""
        await self._change(BudgetRound, round_id, "open", by, budgeting.opened)

    async def begin_survey(self, name: str, until: str, language: str, by: Officer) -> str:
        """A new survey, which takes answers at once; its id."""
        last = budgeting.checked_day(until, pieces.today(self.city.now(), self.city.zone))
        made = WellBeingSurvey(
            self.city.new_id(WellBeingSurvey.TYPE), pieces.written(name, language), "open", wellbeing.VERSION, last,
            0, 0, figures={},
        )  # fmt: skip
        return await self._begin(made, by)

    async def set_figure(self, survey_id: str, category: str, indicator: str, by: Officer) -> None:
        """Show an indicator beside a category of a survey, or none."""
        if indicator and await self.city.get(KeyPerformanceIndicator, indicator) is None:
            raise Conflict("There is no such indicator", entityId=indicator)
        await self._change(
            WellBeingSurvey, survey_id, "figure", by,
            lambda one: replace(one, figures=wellbeing.with_figure(one.figures or {}, category, indicator)),
        )  # fmt: skip

    async def _change(self, kind: type[E], one_id: str, did: str, by: Officer, rule: Callable[[E], E]) -> None:
        async with self.city.turn:
            left = rule(await service.there(self.city, kind, one_id))
            await service.keep(self.city, left, str(by), did, self.city.now())

    async def _begin(self, left: BudgetRound | WellBeingSurvey, by: Officer) -> str:
        async with self.city.turn:
            await service.keep(self.city, left, str(by), "begin", self.city.now())
        return left.id

    async def rounds(self, words: Words, by: Voice) -> list[RoundSheet]:
        """All rounds, the last one first."""
        return [await self._round(one, words, by) for one in (await seen(self.city, BudgetRound))[::-1]]

    async def one_round(self, round_id: str, words: Words, by: Voice) -> RoundSheet:
        """One round. Raises NotFound."""
        return await self._round(await service.there(self.city, BudgetRound, round_id), words, by)

    async def _round(self, one: BudgetRound, words: Words, by: Voice) -> RoundSheet:
        ballot = await service.own_ballot(self.city, one.id, by) or {"projects": [], "receipt": ""}
        outcome = one.outcome or {}
        fared = {row["id"]: row for row in outcome.get("projects", [])}
        projects = [_project(row, fared.get(row["id"], {}), ballot["projects"], words) for row in one.projects or []]
        chosen_first = sorted(projects, key=lambda p: (not p.chosen, p.place)) if fared else projects
        return RoundSheet(
            one.id, key_of(one.id), words.of(one.name), words.of(one.text), one.state or "draft",
            one.budget or 0, day(one.closes_on, words), one.ballots or 0, one.unverified or 0, chosen_first, outcome,
            ballot["receipt"],
        )  # fmt: skip

    async def surveys(self, words: Words, by: Voice) -> list[SurveySheet]:
        """All surveys, the last one first."""
        return [await self._survey(one, words, by) for one in (await seen(self.city, WellBeingSurvey))[::-1]]

    async def one_survey(self, survey_id: str, words: Words, by: Voice) -> SurveySheet:
        """One survey. Raises NotFound."""
        return await self._survey(await service.there(self.city, WellBeingSurvey, survey_id), words, by)

    async def indicators(self, words: Words) -> list[tuple[str, str]]:
        """The town's indicators that may be shown beside a category: id and name."""
        found = await seen(self.city, KeyPerformanceIndicator)
        return [(one.id, words.of(one.name, key_of(one.id))) for one in found]

    async def _survey(self, one: WellBeingSurvey, words: Words, by: Voice) -> SurveySheet:
        given = await service.own_answers(self.city, one.id, by) or {"answers": {}, "band": ""}
        told = (one.results or {}).get("questions", {})
        known = {k.id: k for k in await seen(self.city, KeyPerformanceIndicator)} if one.figures else {}

        def question(name: str) -> QuestionSheet:
            row, figure = told.get(name, {}), known.get((one.figures or {}).get(name, ""))
            return QuestionSheet(
                name, *wellbeing.SCALES[name], given["answers"].get(name), row.get("count"), row.get("mean"),
                row.get("bands", {}), None if figure is None else _figure(figure, words),
            )  # fmt: skip

        return SurveySheet(
            one.id, key_of(one.id), words.of(one.name), one.frame or wellbeing.VERSION, one.state or "open",
            day(one.closes_on, words), one.answers or 0, one.unverified or 0, given["band"], bool(given["answers"]),
            [question(name) for name in wellbeing.OVERALL],
            [(group, [question(name) for name in names]) for group, names in wellbeing.GROUPS.items()],
        )  # fmt: skip


def _figure(one: KeyPerformanceIndicator, words: Words) -> FigureSheet:
    value = one.current.value if one.current else None
    return FigureSheet(one.id, words.of(one.name, key_of(one.id)), value, unit_text(one.unit, words))


def _project(row: Mapping[str, Any], fared: Mapping[str, Any], wanted: Sequence[str], words: Words) -> ProjectSheet:
    how = fared.get("how", "")
    return ProjectSheet(
        row["id"], row["name"], row["text"], row["cost"], row["id"] in wanted, fared.get("votes", 0),
        how in ("shares", "rest"), bool(fared.get("greedy")), fared.get("place", 0), _why(fared, words) if how else "",
    )  # fmt: skip


def _why(fared: Mapping[str, Any], words: Words) -> str:
    if fared["how"] == "shares":
        key = "part.why.alike" if fared["least"] == fared["most"] else "part.why.shares"
        yen = {name: f"{fared[name]:,}" for name in ("least", "most")}
        return words.plain(key, count=fared["payers"], **yen)
    if fared["how"] == "rest":
        return words.plain("part.why.rest", count=fared["votes"])
    if not fared["votes"]:
        return words.plain("part.why.nobody")
    return words.plain("part.why.short", count=fared["votes"], yen=f"{fared['short']:,}")
