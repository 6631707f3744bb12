"""What do needs, visions and the services that answer them look like, in the reader's words?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from machinami.kit.desk import House
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import CityNeed, Initiative, Vision
from machinami.model.vocabulary.fields import FIELDS_OR_OTHER, MANAGEMENT
from machinami.services.needs.logic.deciding import standing, undoable
from machinami.services.needs.logic.grouping import headed
from machinami.services.needs.logic.tracing import OUTCOMES, Known, Trace, traced, unanswered
from machinami.services.needs.model import NeedDecision
from machinami.services.needs.service import Held

LOG_LENGTH = 200


@dataclass(frozen=True, slots=True)
class NeedRow:
    """One need as it is shown. work: what answers it; earlier: whether it is tied to a vision that was replaced."""

    id: str
    key: str
    name: str
    text: str
    field: str
    origin: str
    raised_on: str
    state: str
    reason: str
    voices: int
    vision: str
    earlier: bool
    source: str
    work: tuple[str, ...]
    members: tuple["NeedRow", ...] = ()


@dataclass(frozen=True, slots=True)
class VisionRow:
    """One version of the vision."""

    id: str
    name: str
    text: str
    state: str
    version: int
    adopted_on: str
    adopted_by: str


@dataclass(frozen=True, slots=True)
class LogRow:
    """One decision in the log."""

    id: str
    kind: str
    subject: str
    at: datetime | None
    who: str
    role: str
    reason: str
    count: int
    undoable: bool


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One service of the town: the needs that it answers and the outcomes by which it is judged, by name."""

    title: str
    link: str
    work: tuple[str, ...]
    needs: tuple[str, ...]
    outcomes: tuple[str, ...]
    offered: int
    lost: int
    whole: bool


def need_rows(held: Held, words: Words) -> list[NeedRow]:
    """The needs that stand for themselves, the most voices first, with those that are under them."""
    visions = {vision.id: vision for vision in held.visions}
    work = _work_by_need(held.initiatives, words)

    def row(need: CityNeed, voices: int, members: tuple[NeedRow, ...]) -> NeedRow:
        vision = visions.get(str(need.ref_vision)) if need.ref_vision else None
        about = (need.id, *(member.id for member in members))
        return NeedRow(
            need.id,
            need.id.rpartition(":")[2],
            words.of(need.name, need.id),
            words.of(need.text),
            need.field if need.field in FIELDS_OR_OTHER else "other",
            need.origin or "office",
            need.raised_on or "",
            need.state or "open",
            need.reason or "",
            voices,
            words.of(vision.name) if vision else "",
            vision is not None and vision.state == "replaced",
            str(need.ref_source or ""),
            tuple(dict.fromkeys(name for one in about for name in work.get(one, ()))),
            members,
        )

    return [
        row(one.need, one.voices, tuple(row(under, under.voices or 1, ()) for under in one.members))
        for one in headed(held.needs)
    ]


def _work_by_need(initiatives: Sequence[Initiative], words: Words) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in initiatives:
        for need in one.needs or ():
            found[need] = (*found.get(need, ()), words.of(one.name, one.id))
    return found


def vision_rows(visions: Sequence[Vision], words: Words) -> list[VisionRow]:
    """Every version of the vision, the newest first."""
    rows = [
        VisionRow(
            one.id,
            words.of(one.name),
            words.of(one.text),
            one.state or "draft",
            one.version or 0,
            one.adopted_on or "",
            one.adopted_by or "",
        )
        for one in visions
    ]
    return sorted(rows, key=lambda row: -row.version)


def standing_row(held: Held, words: Words) -> VisionRow | None:
    """The vision that stands."""
    found = standing(held.visions)
    return next((row for row in vision_rows(held.visions, words) if found and row.id == found.id), None)


def log_rows(decisions: Sequence[NeedDecision], words: Words) -> list[LogRow]:
    """What was decided, the newest first."""
    may_undo = undoable(decisions)
    rows = [
        LogRow(
            one.id,
            one.kind or "changed",
            words.of(one.subject),
            one.decided_at,
            one.decided_by or "",
            one.role or "",
            one.reason or "",
            len(one.after or {}),
            one.id in may_undo,
        )
        for one in decisions
    ]
    return sorted(rows, key=lambda row: (str(row.at), row.id), reverse=True)[:LOG_LENGTH]


def known_services(houses: Sequence[House], words: Words) -> list[Known]:
    """The services of the town that people use, not those by which it manages itself."""
    manifests = [house.service.manifest for house in houses]
    return [
        Known(one.id, one.title.spoken(words.language), one.field, sum(kpi.level in OUTCOMES for kpi in one.kpis))
        for one in manifests
        if one.field != MANAGEMENT
    ]


def trace_rows(held: Held, houses: Sequence[House], words: Words) -> list[TraceRow]:
    """Each service with what it traces to, those that do not first."""
    services = known_services(houses, words)
    return [_trace_row(row, words) for row in traced(services, held.initiatives, held.needs, held.indicators)]


def _trace_row(row: Trace, words: Words) -> TraceRow:
    def names(found: Sequence[Any]) -> tuple[str, ...]:
        return tuple(words.of(one.name, one.id) for one in found)

    return TraceRow(
        row.service.title,
        f"/services/{row.service.id}",
        names(row.initiatives),
        names(row.needs),
        names(row.outcomes),
        row.service.offered,
        row.lost,
        row.whole,
    )


def unanswered_names(held: Held, words: Words) -> list[str]:
    """The open needs that no work answers."""
    return [words.of(need.name, need.id) for need in unanswered(held.needs, held.initiatives)]


def offered_groups(groups: Sequence[Sequence[str]], rows: Mapping[str, NeedRow]) -> list[list[NeedRow]]:
    """The groups that are offered, as rows; one that was closed or grouped meanwhile is left out."""
    found = [[rows[one] for one in group if one in rows] for group in groups]
    return [group for group in found if len(group) > 1]
