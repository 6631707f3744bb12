"""What does every gauge say now, and what should be proposed to the officer?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from machinami.foundation.geometry import distance
from machinami.methods.hysteresis import Watch, watch
from machinami.model.expectation import Step
from machinami.model.view import Measured, Ref
from machinami.model.vocabulary.alerts import Alert, Texts, in_force, subject_of
from machinami.model.vocabulary.decisions import Reason, move
from machinami.model.vocabulary.places import Shelter
from machinami.model.vocabulary.water import RainForecast, RainGauge, RiverGauge
from machinami.services.flood.logic.decision import advise, open_of, refused_of
from machinami.services.flood.logic.quality import Level, Quality, Surroundings, examine
from machinami.services.flood.logic.warning import (
    Judgement,
    doubted,
    judge,
    rule_of,
    unknown,
    watch_forecast,
    watch_levels,
)
from machinami.services.flood.model import (
    MARKS,
    METRES,
    SERVICE,
    FloodMonitoring,
    FloodProposal,
    Mark,
    Sample,
    Settings,
    Thresholds,
    WaterLevelForecast,
    state_id,
)

NEAR_SHELTERS = 3
NEAR_METRES = 3_000.0
MOST_RAIN_GAUGES = 8
FORECAST_STEP = timedelta(minutes=10)
OLDEST_RAIN_FORECAST = timedelta(hours=3)


Say = Callable[[RiverGauge, int], Texts]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a judgement needs; maps are by gauge id. rain: the mean over the town's rain gauges."""

    gauges: Sequence[RiverGauge]
    levels: Mapping[str, Sequence[Level]]
    rain: Sequence[Sample] = ()
    forecasts: Mapping[str, WaterLevelForecast] = field(default_factory=dict)
    monitoring: Mapping[str, FloodMonitoring] = field(default_factory=dict)
    proposals: Sequence[FloodProposal] = ()
    alerts: Sequence[Alert] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one gauge says: how far it can be believed, its judgement, and the state to keep."""

    gauge: RiverGauge
    quality: Quality
    judgement: Judgement
    monitoring: FloodMonitoring


def assess(known: Known, settings: Settings, now: datetime) -> list[Assessment]:
    """Judge every gauge as of `now`."""
    return [_assess(gauge, known, settings, now) for gauge in known.gauges]


def propose(
    assessments: Sequence[Assessment], known: Known, now: datetime, new_id: Callable[[], str], say: Say
) -> list[FloodProposal]:
    """The proposals that change: those that the river has overtaken, and new ones with their reasons."""
    changed: list[FloodProposal] = []
    for one in assessments:
        waiting = open_of(known.proposals, one.gauge.id)
        told = told_level(known.alerts, one.gauge.id, now)
        advice = advise(one.judgement, told, waiting, refused_of(known.proposals, one.gauge.id))
        if advice.drop and waiting is not None:
            changed.append(move(waiting, "superseded", now))
        if advice.propose is not None:
            changed.append(_proposal(one, advice.propose, now, new_id(), say))
    return changed


def told_level(alerts: Sequence[Alert], gauge: str, now: datetime) -> int:
    """The warning level that residents have been told for a gauge and that is in force; 0 for nothing."""
    return max((a.warning_level or 0 for a in in_force(alerts, now) if subject_of(a) == gauge), default=0)


def thresholds_of(gauge: RiverGauge) -> Thresholds:
    """The four levels of a gauge."""
    return Thresholds(gauge.attention_level, gauge.evacuation_judgement_level, gauge.danger_level, gauge.bank_level)


def crossings(samples: Sequence[Sample], marks: Thresholds, margin: float) -> list[tuple[datetime, Mark, bool]]:
    """When a river rose to a higher mark than before (True), and when it was below its first again by a margin (False),
    so that a level that plays around a mark is told once. The samples stand in order of time."""
    rising = [(mark, value) for mark, _ in MARKS if (value := getattr(marks, mark)) is not None]
    found: list[tuple[datetime, Mark, bool]] = []
    over = 0
    for sample in samples:
        reached = sum(sample.value >= value for _, value in rising)
        if reached > over:
            found.append((sample.at, rising[reached - 1][0], True))
            over = reached
        elif over and sample.value < rising[0][1] - margin:
            found.append((sample.at, rising[0][0], False))
            over = 0
    return found


def steps_of(forecast: WaterLevelForecast | None, now: datetime, oldest: timedelta) -> tuple[Step, ...]:
    """What a forecast says of the time from now on; nothing if it was issued longer ago than `oldest`."""
    if forecast is None or forecast.issued_at is None or now - forecast.issued_at > oldest:
        return ()
    rows = forecast.horizons or []
    steps = [Step(datetime.fromisoformat(r["at"]), r["low"], r["middle"], r["high"]) for r in rows]
    return tuple(step for step in steps if step.at >= now)


def near_shelters(gauge: RiverGauge, shelters: Sequence[Shelter]) -> list[Shelter]:
    """The nearest few shelters of a gauge, nearest first."""
    place = gauge.location
    if place is None:
        return []
    placed = [(distance(place, s.location), s) for s in shelters if s.location is not None]
    close = sorted((pair for pair in placed if pair[0] <= NEAR_METRES), key=lambda pair: pair[0])
    return [shelter for _, shelter in close[:NEAR_SHELTERS]]


def near_rain(gauge: RiverGauge, gauges: Sequence[RainGauge]) -> list[str]:
    """The ids of the rain gauges that may explain a river gauge: the nearest few, in a fixed order."""

    def away(one: RainGauge) -> float:
        known = gauge.location is not None and one.location is not None
        return distance(gauge.location, one.location) if known else 0.0  # type: ignore[arg-type]

    return sorted(one.id for one in sorted(gauges, key=away)[:MOST_RAIN_GAUGES])


def stale(issued: datetime | None, level: Measured | None) -> bool:
    """Whether a gauge has said something new since its last forecast."""
    return level is not None and (issued is None or level.observed_at - issued >= FORECAST_STEP)


def coming_rain(forecasts: Sequence[RainForecast], now: datetime) -> tuple[tuple[float, ...], int]:
    """The rain (mm in each hour) that the newest forecast says, and from when (s); nothing where it is too old."""
    said = [f.hourly_precipitation for f in forecasts if f.hourly_precipitation is not None]
    newest = max(said, key=lambda one: one.observed_at, default=None)
    if newest is None or now - newest.observed_at > OLDEST_RAIN_FORECAST:
        return (), 0
    return newest.values, int(newest.observed_at.timestamp())


def forecast_of(
    gauge: str, issued: datetime, steps: Sequence[Step], model: str | None, simulated: bool | None
) -> WaterLevelForecast:
    """What was forecast for a gauge, as an entity; levels to the millimetre of a metre."""
    rows = [
        {
            "hours": round((step.at - issued).total_seconds() / 3600, 2),
            "at": step.at.isoformat(),
            "low": round(step.low, 3),
            "middle": round(step.middle, 3),
            "high": round(step.high, 3),
        }
        for step in steps
    ]
    return WaterLevelForecast(state_id("WaterLevelForecast", gauge), Ref(gauge), issued, rows, model, simulated)


def _assess(gauge: RiverGauge, known: Known, settings: Settings, now: datetime) -> Assessment:
    unit = gauge.water_level.unit if gauge.water_level else None
    readings = known.levels.get(gauge.id, ())
    quality = examine(readings, unit, _around(gauge, known), settings, now)
    before = known.monitoring.get(gauge.id)
    watches = (before.watch if before else None) or {}
    observed = Watch.of(watches["observed"]) if "observed" in watches else Watch()
    expected = Watch.of(watches["expected"]) if "expected" in watches else Watch()
    thresholds, rule = thresholds_of(gauge), rule_of(settings, unit)
    oldest = timedelta(minutes=settings.silent_minutes)
    forecast = known.forecasts.get(gauge.id)
    steps = steps_of(forecast, now, oldest)
    if quality.known:
        observed = watch_levels(observed, quality.trusted, thresholds, rule)
        if steps and forecast is not None and forecast.issued_at is not None:
            expected = watch_forecast(expected, forecast.issued_at, steps, thresholds, settings.probability, rule)
        else:
            # Without a forecast nothing is expected; what was expected wears off like any other level.
            expected = watch(expected, now, 0, 0, rule)
        said = judge(quality.trusted, steps, thresholds, observed, expected, settings)
    elif quality.rising_doubt:
        observed = watch_levels(observed, quality.trusted, thresholds, rule)
        said = doubted(quality.trusted, thresholds, observed, quality.reasons)
    else:
        said = unknown(quality.reasons)
    notes = quality.reasons if quality.known else ()
    changed = before is None or before.warning_level != said.observed or before.quality != quality.fault
    monitoring = FloodMonitoring(
        id=state_id("FloodMonitoring", gauge.id),
        ref_gauge=Ref(gauge.id),
        warning_level=said.observed,
        quality=quality.fault,
        reasons=[reason.row() for reason in (*notes, *said.reasons) if reason.kind != "expected"],
        effective_from=now if changed else before.effective_from if before else now,
        watch={"observed": observed.row(), "expected": expected.row()},
        simulated=gauge.simulated,
    )
    return Assessment(gauge, quality, said, monitoring)


def _around(gauge: RiverGauge, known: Known) -> Surroundings:
    neighbours = []
    for other in known.gauges:
        if other.id != gauge.id:
            metres = METRES.get(other.water_level.unit if other.water_level else None, 1.0)
            found = known.levels.get(other.id, ())
            neighbours.append([Sample(r.at, r.value * metres) for r in found if r.value is not None])
    return Surroundings(known.rain, neighbours)


def _proposal(one: Assessment, level: int, now: datetime, entity_id: str, say: Say) -> FloodProposal:
    texts = say(one.gauge, level)
    return FloodProposal(
        id=entity_id,
        source_service=SERVICE,
        grade=level,
        state="proposed",
        issued_at=now,
        ref_subject=Ref(one.gauge.id),
        reasons=[reason.row() for reason in one.judgement.reasons or (Reason("calm", {}),)],
        event=texts.event,
        headline=texts.headline,
        text=texts.text,
        instruction=texts.instruction,
        area_name=texts.area_name,
        transitions=[],
        simulated=one.gauge.simulated,
    )
