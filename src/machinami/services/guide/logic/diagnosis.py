"""At which stage does the town stand, why, and what are the next three steps?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from machinami.model.view import Measured
from machinami.model.vocabulary.office import Officer
from machinami.services.guide.model import (
    Diagnosis,
    Evidence,
    GuideAnswer,
    Path,
    Progress,
    Question,
    StageDiagnosis,
    Standing,
    State,
)

STEPS = 3
_MOST_REVISIONS = 100


def answer_id(question: str) -> str:
    """The entity id of the answer to a question."""
    return f"urn:ngsi-ld:{GuideAnswer.TYPE}:{question}"


def standing(question: Question, answer: GuideAnswer | None, evidence: Evidence | None) -> Standing:
    """How a question stands. Who answered knows better than the records: their no is a no, whatever these show; their
    yes counts, and is marked where the records show nothing of it."""
    given = answer.answer if answer else None
    shown = evidence.state if evidence else "closed"
    state: State
    if given == "yes":
        state = "met" if shown == "yes" else "said"
    elif given in ("no", "partly"):
        state = "open" if given == "no" else "partly"
    else:
        state = "met" if shown == "yes" else "partly" if shown == "partly" else "open"
    doubted = given == "yes" and shown in ("no", "partly")
    return Standing(question, state, evidence, answer if given else None, doubted)


def diagnose(
    path: Path,
    questions: Mapping[str, Question],
    answers: Mapping[str, GuideAnswer],
    evidence: Mapping[str, Evidence],
) -> Diagnosis:
    """The town stands at the first stage of which something that decides does not pass; at the last where all does."""
    progress = []
    for stage in path.stages:
        asked = [questions[one] for one in stage.asks]
        rows = [standing(q, answers.get(q.id), evidence.get(q.evidence)) for q in asked]
        progress.append(Progress(stage, tuple(rows)))
    open_at = [number for number, one in enumerate(progress, 1) if not one.through]
    number = open_at[0] if open_at else len(progress)
    here = progress[number - 1]
    before = progress[: number - 1]
    later = progress[number:]
    return Diagnosis(
        number,
        tuple(progress),
        not open_at,
        tuple(one for one in _deciding(here) if not one.passes),
        tuple(one for each in before for one in _deciding(each)),
        tuple(one for each in later for one in each.standings if one.passes),
        tuple(_steps([here, *later, *before])),
    )


def _deciding(progress: Progress) -> list[Standing]:
    return [one for one in progress.standings if one.question.id in progress.stage.decides]


def _steps(rows: Sequence[Progress]) -> list[Standing]:
    """The next steps: of each stage in turn what decides and is open, then the rest of it."""
    found: list[Standing] = []
    for progress in rows:
        left = [one for one in progress.standings if not one.passes]
        deciding = [one for one in left if one.question.id in progress.stage.decides]
        found += [*deciding, *(one for one in left if one not in deciding)]
    return found[:STEPS]


def answered(
    before: GuideAnswer | None, question: str, answer: str, text: str, by: Officer, now: datetime
) -> GuideAnswer:
    """The answer as it stands once an officer gave it; what was answered before is kept."""
    past = list(before.revisions or []) if before else []
    if before is not None and before.decided_at is not None:
        past.append(_revision(before))
    return GuideAnswer(answer_id(question), question, answer, text, by.who, by.role, now, past[-_MOST_REVISIONS:])


def taken_back(before: GuideAnswer, by: Officer, now: datetime) -> GuideAnswer:
    """The answer once the last one is taken back: what was answered before it stands again; that it was is kept."""
    past = before.revisions or []
    last = next((row for row in reversed(past) if row["answer"] != before.answer), {"answer": "", "text": ""})
    return replace(answered(before, before.question or "", str(last["answer"]), str(last["text"]), by, now))


def _revision(answer: GuideAnswer) -> dict[str, str]:
    at = answer.decided_at.isoformat() if answer.decided_at else ""
    return {
        "answer": answer.answer or "", "text": answer.text or "", "by": answer.decided_by or "",
        "role": answer.role or "", "at": at,
    }  # fmt: skip


def conclusion(path: Path, found: Diagnosis, now: datetime) -> StageDiagnosis:
    """The diagnosis as an entity: its number has a past."""
    return StageDiagnosis(
        f"urn:ngsi-ld:{StageDiagnosis.TYPE}:{path.id}",
        path.id,
        found.stage.id,
        Measured(float(found.number), now),
        len(path.stages),
        [one.question.id for one in found.holding],
        [one.question.id for one in found.steps],
    )
