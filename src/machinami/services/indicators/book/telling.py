"""How is what is known of an indicator said to a reader: values, targets, standings, reasons, changes?"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from machinami.kit.charts import spark
from machinami.kit.moments import day_told, years_told
from machinami.kit.reviews import because
from machinami.kit.units import shown, unit_text, with_unit
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import KeyPerformanceIndicator, PlanAnswer, PlanReview
from machinami.services.indicators.book.state import Answer, Card, Review, Revision
from machinami.services.indicators.logic.way import Sample, end_of, number
from machinami.services.indicators.logic.writing import Fault
from machinami.services.indicators.model import DEEDS, STATES, IndicatorRevision, Settings

ADDRESS = "/services/indicators"
SAID_WHY = (
    "none",
    "no_baseline",
    "no_year",
    "overdue",
    "never",
    "no_rows",
    "no_values",
    "by_zero",
    "closed",
    "bad_formula",
)


def link_of(kpi_id: str) -> str:
    """The page of an indicator."""
    return f"{ADDRESS}/of/{quote(kpi_id, safe=':')}"


class Teller:
    """Says what is known of indicators in one language."""

    def __init__(self, words: Words, settings: Settings, services: Mapping[str, str]) -> None:
        self.words = words
        self.settings = settings
        self.services = services

    def name(self, kpi: KeyPerformanceIndicator) -> str:
        """What an indicator is called."""
        return self.words.of(kpi.name, kpi.id.rpartition(":")[2])

    def card(self, kpi: KeyPerformanceIndicator, past: Sequence[Sample] = ()) -> Card:
        """An indicator at a glance."""
        told, known = kpi.standing or {}, kpi.current if kpi.current and kpi.current.value is not None else None
        state = kpi.state if kpi.state in STATES else "unmeasured"
        why = str(told.get("why", ""))
        expected = number(told.get("expected"))
        return Card(
            kpi.id,
            link_of(kpi.id),
            self.name(kpi),
            self.words.of(kpi.text),
            kpi.level or "outcome",
            bool(kpi.is_goal),
            shown(known.value if known else None),
            unit_text(kpi.unit, self.words),
            known.observed_at if known else None,
            state,
            self.words.plain(f"ind.why.{why}") if why in SAID_WHY else "",
            self.target(kpi),
            "" if expected is None else self.words.plain("ind.expected", value=self.with_unit(expected, kpi)),
            self.notes(kpi),
            spark([(sample.at, sample.value) for sample in past]),
            len(past) > 1,
            day_told(kpi.retired_on, self.words),
            self.services.get(kpi.service or "", ""),
        )

    def with_unit(self, value: float | None, kpi: KeyPerformanceIndicator) -> str:
        """A number with the unit of an indicator."""
        return with_unit(value, kpi.unit, self.words)

    def target(self, kpi: KeyPerformanceIndicator) -> str:
        """The target with its year, as one sentence; empty where there is none."""
        target = kpi.target or {}
        low, high = number(target.get("low")), number(target.get("high"))
        if low is None and high is None:
            return ""
        kind = target.get("kind")
        way: str = kpi.direction if kpi.direction in ("up", "down") else "range"
        unit = "P1" if kind == "rate" else kpi.unit
        key = "range" if kind == "range" and low is not None and high is not None else way
        if kind == "rate":
            key = "rate_per_year" if target.get("per") == "year" else "rate"
        first = low if low is not None else high
        said = {"low": with_unit(first, unit, self.words), "high": with_unit(high, unit, self.words)}
        return self.words.plain(f"ind.target.{key}", **said) + self.years(kpi)

    def years(self, kpi: KeyPerformanceIndicator) -> str:
        """By when, as the end of the sentence of a target."""
        years = kpi.target_years or {}
        if end_of(kpi) is None:
            return self.words.plain("ind.by.none")
        first, last = years.get("from") or years.get("to"), years.get("to") or years.get("from")
        said = years_told(first, last, bool(years.get("fiscal")), self.words)
        return self.words.plain("ind.by.end" if first == last else "ind.by.range", years=said)

    def notes(self, kpi: KeyPerformanceIndicator) -> list[str]:
        """What one must know before one believes the figure."""
        told = kpi.standing or {}
        count = number(told.get("count"))
        notes = []
        if count is not None and count < self.settings.small_sample:
            notes.append(self.words.plain("ind.note.small", count=int(count)))
        if told.get("start_is") == "first":
            said = {
                "start": self.with_unit(number(told.get("start")), kpi),
                "on": day_told(str(told.get("start_on", "")), self.words),
            }
            notes.append(self.words.plain("ind.note.first", **said))
        elif kpi.baseline is None and kpi.target:
            notes.append(self.words.plain("ind.note.no_baseline"))
        if kpi.current is not None and not kpi.formula:
            notes.append(self.words.plain("ind.note.by_hand"))
        if kpi.current is not None and kpi.state == "unmeasured":
            notes.append(self.words.plain("ind.note.old"))
        if kpi.simulated:
            notes.append(self.words.plain("ind.note.simulated"))
        return notes

    def review(self, found: PlanReview, units: Mapping[str, str], answers: Sequence[PlanAnswer]) -> Review:
        """A review of the plan with what was answered to it, the last answer first."""
        kpi_id = str(found.ref_indicator or "")
        rows = because(found.reasons, units.get(kpi_id), self.words)
        decided = (found.decided_by or "", found.role or "", found.decided_at, found.reason or "")
        answered = [self.answer(one) for one in answers if one.ref_review == found.id][::-1]
        is_open = found.state in ("sent", "dismissed") and all(one.gone for one in answered)
        return Review(
            found.id,
            link_of(kpi_id),
            self.words.of(found.subject, kpi_id),
            found.raised_at,
            rows,
            found.state or "proposed",
            *decided,
            answered,
            is_open,
        )

    def answer(self, found: PlanAnswer) -> Answer:
        """What the plan answered."""
        verdict = found.verdict if found.verdict in ("taken_up", "declined") else "declined"
        who, role, reason = found.decided_by or "", found.role or "", self.words.of(found.reason)
        return Answer(verdict, reason, who, role, found.decided_at, bool(found.withdrawn))

    def revision(self, found: IndicatorRevision) -> Revision:
        """An entry in the history of an indicator."""
        deed = found.kind if found.kind in DEEDS else "changed"
        kpi_id = str(found.ref_indicator or "")
        rows = self.changed(found.before or {}, found.after or {}) if found.before or deed == "recorded" else []
        who = (found.decided_by or "", found.role or "", found.reason or "")
        return Revision(found.decided_at, deed, self.words.of(found.subject, kpi_id), link_of(kpi_id), *who, rows)

    def changed(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """What is other after than before: what, before, after."""
        told = [name for name in {**before, **after} if self.words.has(f"ind.field.{name}")]
        names = [name for name in told if before.get(name) != after.get(name)]
        return [
            (self.words.plain(f"ind.field.{n}"), self.value(before.get(n)), self.value(after.get(n))) for n in names
        ]

    def value(self, value: Any) -> str:
        """A value of a definition for eyes."""
        if value is None:
            return "—"
        if isinstance(value, bool):
            return self.words.plain("ind.yes" if value else "ind.no")
        if isinstance(value, Mapping):
            return " / ".join(str(part) for part in value.values())
        return "、".join(map(str, value)) if isinstance(value, list) else str(value)

    def fault(self, found: Fault) -> str:
        """What is wrong with a field."""
        return self.words.plain(f"ind.fault.{found.kind}", position=found.position, expected=found.expected)
