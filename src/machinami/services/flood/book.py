"""What is known of the rivers and decided about them, in the reader's words? For pages; officers decide through it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from machinami.kit.charts import Line, Point, Step
from machinami.kit.city import City
from machinami.kit.happening import Happening, Level, Notice, Reading, Source
from machinami.kit.moments import TOWN_ZONE, moment
from machinami.kit.units import symbol
from machinami.kit.words import Words
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.water import RainGauge, RiverGauge
from machinami.services.flood import service
from machinami.services.flood.logic.situation import in_force, steps_of, thresholds_of
from machinami.services.flood.model import (
    MARKS,
    Alert,
    FloodDecision,
    FloodProposal,
    Message,
    ModelScore,
    Officer,
    Reason,
    Thresholds,
)

ADDRESS = "/services/flood"
FORECAST_SHOWN = timedelta(hours=1)
EVERY = timedelta(minutes=10)
FAULTS = ("never", "silent", "range", "stuck", "jump")
LOG_LENGTH = 200
DecisionKind = Literal["approved", "declined", "withdrawn", "thresholds", "undone", "setting"]


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """One entry in the history of a gauge's levels."""

    at: datetime
    who: str
    role: str
    reason: str
    before: Thresholds
    after: Thresholds


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything known of one gauge. `level` None: its state is unknown, and `reason` says why."""

    id: str
    name: str
    river: str
    unit: str
    thresholds: Thresholds
    level: Level | None
    observed: Sequence[Point]
    reason: str = ""
    forecast: Sequence[Step] = ()
    issued: datetime | None = None
    rain: Sequence[Point] = ()
    changes: Sequence[ThresholdChange] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a gauge suggests to tell the residents; only a named officer can say it. Level 0 lifts what is said."""

    id: str
    gauge: str
    level: Level
    headline: str
    body: str
    area: str
    reasons: Sequence[str]
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What an officer decided, when and why."""

    at: datetime
    kind: DecisionKind
    subject: str
    who: str
    role: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How well the model did on held-out data beside persistence (the level stays as it is)."""

    gauge: str
    hours: int
    model: float
    persistence: float
    unit: str
    coverage: float | None
    rows: int
    trained_at: datetime
    in_use: bool

    @property
    def gain(self) -> float:
        """The share of persistence's error that the model takes away; negative where it is worse."""
        return 1 - self.model / self.persistence if self.persistence else 0.0


@dataclass(frozen=True, slots=True)
class State:
    """All that the flood service knows, as the page needs it."""

    sheets: Sequence[Sheet]
    notices: Sequence[Notice] = ()
    proposals: Sequence[Proposal] = ()
    decisions: Sequence[Decision] = ()
    scores: Sequence[Score] = ()
    public_forecast: bool = False


@dataclass(frozen=True, slots=True)
class TownBook:
    """The flood service of one town as its pages see it."""

    city: City
    zone: str = TOWN_ZONE

    async def state(self, words: Words) -> State:
        """All that is known now, in the reader's words."""
        now = self.city.now()
        standing = await service.standing(self.city, now)
        names = {g.id: spoken(g.name, words, g.id) for g in standing.known.gauges}
        units = {g.id: symbol(g.water_level.unit if g.water_level else None) for g in standing.known.gauges}
        teller = Teller(words, now, self.zone)
        waiting = [p for p in standing.known.proposals if p.state == "proposed"]
        return State(
            [_sheet(g, standing, teller) for g in standing.known.gauges],
            [notice(a, words) for a in in_force(standing.known.alerts, now)],
            [_proposal(p, names, units, teller) for p in sorted(waiting, key=_urgency)],
            [_decision(d, words) for d in newest_first(standing.decisions)[:LOG_LENGTH]],
            [row for s in standing.scores for row in _scores(s, names)],
            standing.settings.public_forecast,
        )

    async def approve(self, proposal: str, message: Message, by: Officer) -> None:
        """Publish a proposal as the officer wrote it."""
        await service.approve(self.city, proposal, message, by)

    async def decline(self, proposal: str, reason: str, by: Officer) -> None:
        """Decide not to publish a proposal."""
        await service.decline(self.city, proposal, reason, by)

    async def withdraw(self, notice: str, reason: str, by: Officer) -> None:
        """Take back what is published."""
        await service.withdraw(self.city, notice, reason, by)

    async def set_thresholds(self, gauge: str, levels: Thresholds, reason: str, by: Officer) -> None:
        """Change the levels of a gauge."""
        await service.set_thresholds(self.city, gauge, levels, reason, by)

    async def undo_thresholds(self, gauge: str, by: Officer) -> None:
        """Bring back the levels before the last change."""
        await service.undo_thresholds(self.city, gauge, by)


async def happening(city: City, words: Words) -> Happening:
    """What residents are told and what the gauges show; nothing that is only proposed or forecast."""
    now = city.now()
    standing = await service.standing(city, now)
    teller = Teller(words, now)
    rain_gauges = await city.find(RainGauge)
    readings = [_reading(g, standing, teller) for g in standing.known.gauges]
    readings += [_rain_reading(g, standing, words) for g in rain_gauges]
    sources = [
        Source(one.id, one.name, one.observed_at, EVERY, one.link if one.kind == "rain" else f"/data/{one.id}")
        for one in readings
    ]
    waiting = sum(1 for p in standing.known.proposals if p.state == "proposed")
    return Happening([notice(a, words) for a in in_force(standing.known.alerts, now)], readings, sources, waiting)


@dataclass(frozen=True, slots=True)
class Teller:
    """Says rows of reasons as sentences, at a moment, in a language and a time zone."""

    words: Words
    now: datetime
    zone: str = TOWN_ZONE

    def sentence(self, row: Mapping[str, Any], unit: str) -> str:
        """One reason as a sentence."""
        reason = Reason.of(dict(row))
        said: dict[str, object] = dict(reason.facts)
        for name in ("at", "since"):
            if name in said:
                said["time"] = self.clock(datetime.fromisoformat(str(said[name])))
        for name in ("value", "threshold", "middle"):
            if said.get(name) is not None:
                said[name] = f"{said[name]:.2f} {unit}"
        if "mark" in said:
            said["mark"] = self.words.plain(f"flood.mark.{said['mark']}")
        kind = reason.kind
        if kind == "moved":
            by = float(str(said["by"]))
            kind, said["by"] = ("rising" if by >= 0 else "falling"), f"{abs(by):.2f} {unit}"
        elif kind == "jump":
            said["by"] = f"{float(str(said['metres'])):+.2f}"
        elif kind == "expected":
            said["chance"] = round(100 * float(str(said["probability"])))
        return self.words.plain(f"flood.because.{kind}", **said)

    def clock(self, at: datetime) -> str:
        """A moment as people say it."""
        return moment(at, self.now, self.words, self.zone).clock


def spoken(text: Spoken | None, words: Words, otherwise: str = "") -> str:
    """A text of the town in the reader's language, Japanese where there is none."""
    if not text:
        return otherwise
    return text.get(words.language) or text.get("ja") or next(iter(text.values()))


def notice(alert: Alert, words: Words) -> Notice:
    """What residents are told."""
    since = alert.date_issued or alert.valid_from
    assert since is not None, "an alert in force was issued"
    return Notice(
        alert.id,
        as_level(alert.warning_level),
        spoken(alert.headline, words),
        spoken(alert.text, words),
        spoken(alert.area_name, words),
        since,
        alert.alert_source or "",
        ADDRESS,
    )


def as_level(level: int | None) -> Level:
    """A warning level as pages know it."""
    return next((row for row in (2, 3, 4, 5) if row == level), 0)


def newest_first(decisions: Sequence[FloodDecision]) -> list[FloodDecision]:
    """The log with the last decision on top."""
    return sorted((d for d in decisions if d.decided_at), key=lambda d: d.decided_at, reverse=True)  # type: ignore


def lines(thresholds: Thresholds, words: Words) -> tuple[Line, ...]:
    """The levels that are set, as lines across a chart."""
    named = ((getattr(thresholds, mark), mark, level) for mark, level in MARKS)
    return tuple(Line(words.plain(f"flood.mark.{m}"), value, level) for value, m, level in named if value is not None)


def _sheet(gauge: RiverGauge, standing: service.Standing, teller: Teller) -> Sheet:
    forecast = standing.known.forecasts.get(gauge.id)
    changes = [d for d in newest_first(standing.decisions) if d.ref_gauge == gauge.id and d.after and d.before]
    level, reason = _state(gauge, standing, teller)
    steps = steps_of(forecast, teller.now, FORECAST_SHOWN) if level is not None else ()
    return Sheet(
        gauge.id,
        spoken(gauge.name, teller.words, gauge.id),
        spoken(gauge.river, teller.words),
        _unit(gauge),
        thresholds_of(gauge),
        level,
        [(one.at, one.value) for one in standing.known.levels.get(gauge.id, ())],
        reason,
        [Step(step.at, step.low, step.middle, step.high) for step in steps],
        forecast.issued_at if forecast and steps else None,
        [(one.at, one.value) for one in standing.known.rain],
        [_change(d) for d in changes],
    )


def _state(gauge: RiverGauge, standing: service.Standing, teller: Teller) -> tuple[Level | None, str]:
    """The observed level of a gauge, or None and why it is unknown."""
    found = standing.known.monitoring.get(gauge.id)
    if found is None:
        return None, teller.words.plain("flood.because.never")
    if found.warning_level is not None:
        return as_level(found.warning_level), ""
    rows = [row for row in found.reasons or [] if row["kind"] in FAULTS]
    return None, " ".join(teller.sentence(row, _unit(gauge)) for row in rows)


def _reading(gauge: RiverGauge, standing: service.Standing, teller: Teller) -> Reading:
    level, reason = _state(gauge, standing, teller)
    observed = [(one.at, one.value) for one in standing.known.levels.get(gauge.id, ())]
    last = gauge.water_level
    return Reading(
        gauge.id,
        spoken(gauge.name, teller.words, gauge.id),
        spoken(gauge.river, teller.words),
        last.value if last else None,
        _unit(gauge),
        last.observed_at if last else None,
        level,
        observed,
        lines(thresholds_of(gauge), teller.words),
        f"{ADDRESS}#{gauge.id.rpartition(':')[2]}",
        reason=reason,
        lon=gauge.location.lon if gauge.location else None,
        lat=gauge.location.lat if gauge.location else None,
    )


def _rain_reading(gauge: RainGauge, standing: service.Standing, words: Words) -> Reading:
    last = gauge.precipitation
    return Reading(
        gauge.id,
        spoken(gauge.name, words, gauge.id),
        "",
        last.value if last else None,
        symbol(last.unit if last else None),
        last.observed_at if last else None,
        0 if last else None,
        [(one.at, one.value) for one in standing.rain.get(gauge.id, ())],
        (),
        f"/data/{gauge.id}",
        kind="rain",
        lon=gauge.location.lon if gauge.location else None,
        lat=gauge.location.lat if gauge.location else None,
        digits=1,
    )


def _proposal(found: FloodProposal, names: Mapping[str, str], units: Mapping[str, str], teller: Teller) -> Proposal:
    gauge = str(found.ref_gauge)
    assert found.issued_at is not None, "a proposal has its moment"
    return Proposal(
        found.id,
        names.get(gauge, gauge),
        as_level(found.warning_level),
        spoken(found.headline, teller.words),
        spoken(found.text, teller.words),
        spoken(found.area_name, teller.words),
        [teller.sentence(row, units.get(gauge, "")) for row in found.reasons or []],
        found.issued_at,
    )


def _decision(found: FloodDecision, words: Words) -> Decision:
    assert found.decided_at is not None, "the log holds what was decided at a moment"
    kind: DecisionKind = found.kind or "setting"  # type: ignore[assignment]
    by = (found.decided_by or "", found.role or "")
    return Decision(found.decided_at, kind, spoken(found.subject, words), *by, found.reason or "")


def _change(found: FloodDecision) -> ThresholdChange:
    assert found.decided_at is not None, "the log holds what was decided at a moment"
    by = (found.decided_by or "", found.role or "", found.reason or "")
    before, after = Thresholds(**(found.before or {})), Thresholds(**(found.after or {}))
    return ThresholdChange(found.decided_at, *by, before, after)


def _scores(found: ModelScore, names: Mapping[str, str]) -> list[Score]:
    """The scores of one gauge with rain known only until now, which is how the model is judged."""
    gauge = str(found.ref_gauge)
    at = found.trained_at
    rows = [row for row in found.scores or [] if row["rain"] == "past"]
    return [
        Score(
            names.get(gauge, gauge),
            round(row["hours"]),
            row["model"],
            row["persistence"],
            symbol(found.unit),
            row["coverage"],
            found.rows or 0,
            at,
            bool(row["used"]),
        )
        for row in rows
        if at is not None
    ]


def _unit(gauge: RiverGauge) -> str:
    return symbol(gauge.water_level.unit if gauge.water_level else None)


def _urgency(proposal: FloodProposal) -> tuple[int, str]:
    return (-(proposal.warning_level or 0), proposal.id)
