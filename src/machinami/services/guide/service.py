"""When the guide runs: what the town shows and what was answered become a diagnosis, kept where it changed."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.kit.city import City
from machinami.model.view import View
from machinami.model.vocabulary.circle import (
    ActionPlan,
    CityNeed,
    CostItem,
    GateDecision,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
    Pilot,
    Proposal,
    Vision,
)
from machinami.model.vocabulary.office import Officer
from machinami.services.guide.logic.diagnosis import answer_id, answered, conclusion, diagnose, taken_back
from machinami.services.guide.logic.evidence import gather
from machinami.services.guide.logic.reading import read_guidance
from machinami.services.guide.model import (
    ANSWERS,
    Consortium,
    ConsortiumMember,
    Diagnosis,
    Guidance,
    GuideAnswer,
    Known,
    MenuChoice,
    Path,
    Settings,
    StageDiagnosis,
)

PACKAGE = "machinami.services.guide"
PATHS = ("book_2021", "draft_2020", "area")
V = TypeVar("V", bound=View)


@cache
def guidance() -> Guidance:
    """The stages, questions, themes and the concept that ship with this service."""
    folder = files(PACKAGE) / "stages"
    texts = [(folder / f"{name}.toml").read_text("utf-8") for name in ("questions", "themes", "concept", *PATHS)]
    return read_guidance(texts[0], texts[3:], texts[1], texts[2])


async def refresh(city: City, now: datetime) -> None:
    """Keep the diagnosis where it is another than the last one."""
    known, path, found = await diagnosis_of(city)
    fresh = conclusion(path, found, now)
    before = await city.get(StageDiagnosis, fresh.id)
    if before is None and not (known.any or await answers_of(city)):
        return  # nobody has begun: there is nothing to keep
    if before is None or _told(before) != _told(fresh):
        await city.publish(fresh)


async def diagnosis_of(city: City) -> tuple[Known, Path, Diagnosis]:
    """What is known, the row of stages that the town goes by, and where it stands."""
    own = await asyncio.to_thread(guidance)
    known = await gather_known(city)
    path = path_of(own, (await city.settings(Settings)).path)
    return known, path, diagnose(path, own.questions, await answers_of(city), gather(known))


async def gather_known(city: City) -> Known:
    """What the town's entities say, as far as who looks may see them."""

    async def seen(view: type[V]) -> list[V] | None:
        readable = city.manifest.may_read(view.TYPE)
        return await city.find(view) if readable and city.shows(view) else None

    return Known(
        await seen(CityNeed),
        await seen(Vision),
        await seen(Initiative),
        await seen(ActionPlan),
        await seen(KeyPerformanceIndicator),
        await seen(Pilot),
        await seen(GateDecision),
        await seen(CostItem),
        await seen(IncomeItem),
        await seen(Proposal),
        await seen(MenuChoice),
        await seen(Consortium),
        await seen(ConsortiumMember),
    )


async def answers_of(city: City) -> Mapping[str, GuideAnswer]:
    """The answers by the question."""
    return {answer.question: answer for answer in await city.find(GuideAnswer) if answer.question}


def path_of(own: Guidance, wanted: str) -> Path:
    """A row of stages by its id, the first where there is none of that id."""
    return next((path for path in own.paths if path.id == wanted), own.paths[0])


async def answer(city: City, question: str, given: str, text: str, by: Officer) -> None:
    """Keep an officer's answer. Raises BadRequestData for a question or an answer that there is not."""
    if question not in guidance().questions:
        raise BadRequestData(f"There is no question {question!r}", field="question")
    if given not in ANSWERS:
        raise BadRequestData(f"An answer is one of {', '.join(ANSWERS)}", field="answer")
    async with city.turn:
        before = await city.get(GuideAnswer, answer_id(question))
        fresh = answered(before, question, given, text, by, city.now())
        await city.publish(fresh, by=str(by))


async def take_back(city: City, question: str, by: Officer) -> None:
    """Take the last answer to a question back. Raises Conflict where nothing is answered."""
    async with city.turn:
        before = await city.get(GuideAnswer, answer_id(question))
        if before is None or not before.answer:
            raise Conflict("Nothing is answered to this question, so nothing can be taken back")
        await city.publish(taken_back(before, by, city.now()), by=str(by))


def _told(one: StageDiagnosis) -> tuple[Any, ...]:
    return one.model, one.stage, one.total, one.reasons, one.steps
