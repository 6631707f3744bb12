"""What does the flood service do, and what may an officer do with it? Gather, decide, publish."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from machinami.foundation.errors import Conflict, NotFound
from machinami.kit import approving
from machinami.kit.approving import Warner
from machinami.kit.city import City, Past
from machinami.kit.settings import Change, keep
from machinami.kit.words import LANGUAGES
from machinami.kit.words import Words as Catalogue
from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.alerts import Alert, Message, Texts, alerts_of
from machinami.model.vocabulary.decisions import DecisionKind, demand_officer, demand_reason, last_change
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import Shelter
from machinami.model.vocabulary.water import RainForecast, RainGauge, RiverGauge
from machinami.services.flood.logic.decision import checked_thresholds
from machinami.services.flood.logic.gathering import Series
from machinami.services.flood.logic.live import Task, forecast_all
from machinami.services.flood.logic.promotion import due, score_of, worth_it
from machinami.services.flood.logic.publishing import issued
from machinami.services.flood.logic.quality import Level, mean_rain
from machinami.services.flood.logic.situation import (
    Known,
    assess,
    coming_rain,
    forecast_of,
    near_rain,
    near_shelters,
    propose,
    stale,
    thresholds_of,
)
from machinami.services.flood.logic.stored import FORMAT
from machinami.services.flood.model import (
    SERVICE,
    FloodDecision,
    FloodMonitoring,
    FloodProposal,
    GaugeThresholds,
    ModelScore,
    Retrained,
    Sample,
    Settings,
    Thresholds,
    WaterLevelForecast,
)

PACKAGE = "machinami.services.flood"
OWN = Warner(SERVICE, FloodProposal, FloodDecision)
LEARN_EVERY = timedelta(seconds=5)  # only a look whether it is due; learning itself is seldom
LEARN_FROM = timedelta(days=400)
FORECAST_FROM = timedelta(days=15)
RETRAIN = f"{PACKAGE}.logic.retraining:retrain"
LOOK_BACK = timedelta(hours=18)
TICK = timedelta(microseconds=1)  # the end of a span is not in it


async def refresh(city: City, now: datetime) -> None:
    """Judge what the gauges show; then forecast, and judge again with what is expected."""
    await decide(city, now)
    if await forecast(city, now):
        await decide(city, now)


async def decide(city: City, now: datetime) -> None:
    """Judge every gauge, keep what it says, and propose what residents should be told."""
    async with city.turn:
        settings = await city.settings(Settings)
        known = await gather(city, now)
        assessments = assess(known, settings, now)
        say = partial(texts_for, await city.find(Shelter))
        proposals = propose(assessments, known, now, lambda: city.new_id("FloodProposal"), say)
        states = [a.monitoring for a in assessments if a.monitoring != known.monitoring.get(a.gauge.id)]
        await city.publish(*states, *proposals, whole=True)


async def forecast(city: City, now: datetime) -> bool:
    """Say what the gauges that have a model in use will show; nothing (False) where no new reading has come since."""
    said = {str(f.ref_gauge): f.issued_at for f in await city.find(WaterLevelForecast)}
    models = {str(s.ref_gauge): s for s in await city.find(ModelScore) if s.in_use}
    gauges = [g for g in await city.find(RiverGauge) if g.id in models and stale(said.get(g.id), g.water_level)]
    if not gauges:
        return False
    span = (now - FORECAST_FROM, now + TICK)
    rain = {
        g: Series.of(samples_of(past)) for g, past in (await city.history(RainGauge, "precipitation", *span)).items()
    }
    outlook = coming_rain(await city.find(RainForecast), now)
    tasks = []
    for gauge in gauges:
        kept = await city.artefact(gauge.id)
        past = await city.history(RiverGauge, "waterLevel", *span, [gauge.id])
        level = Series.of(samples_of(past[gauge.id]))
        if kept is not None and kept.get("format") == FORMAT and level.seconds:
            tasks.append(Task(gauge.id, kept["model"].encode(), level, *outlook))
    found = await city.compute(forecast_all, tasks, rain, (await city.settings(Settings)).rain_trust)
    simulated = {g.id: g.simulated for g in gauges}
    said_now = [forecast_of(g, at, steps, models[g].model, simulated[g]) for g, (at, steps) in found.items()]
    await city.publish(*said_now, whole=True)
    return bool(said_now)


async def learn(city: City, now: datetime) -> None:
    """Learn the models that are due, one after the other in a worker; one that is not better is not used."""
    scores = {str(s.ref_gauge): s for s in await city.find(ModelScore) if await _readable(city, s)}
    needed = (await city.settings(Settings)).improvement_needed
    waiting = [g for g in await city.find(RiverGauge) if due(scores.get(g.id), now)]
    rain: dict[str, Series] | None = None
    for gauge in waiting:
        span = (now - LEARN_FROM, now + TICK)
        past = await city.history(RiverGauge, "waterLevel", *span, [gauge.id])
        level = Series.of(samples_of(past[gauge.id]))
        last = scores.get(gauge.id)
        if not worth_it(last, level, now):
            continue
        if rain is None:
            fallen = await city.history(RainGauge, "precipitation", *span)
            rain = {g: Series.of(samples_of(past)) for g, past in fallen.items()}
        near = {g: rain[g] for g in near_rain(gauge, await city.find(RainGauge))}
        done: Retrained = await city.compute_at(RETRAIN, level, near, last is not None, needed)
        city.log.info("learned %s from %d rows: %s", gauge.id, done.rows, "used" if done.model else "not used")
        if done.model:
            await city.keep_artefact(gauge.id, {"format": FORMAT, "model": done.model.decode()})
        await city.publish(score_of(gauge, done, now), whole=True)


async def _readable(city: City, score: ModelScore) -> bool:
    """Whether the model behind a score, if it is in use, is of the form that this version reads."""
    kept = await city.artefact(str(score.ref_gauge)) if score.in_use else None
    return not score.in_use or (kept is not None and kept.get("format") == FORMAT)


async def gather(city: City, now: datetime) -> Known:
    """What the town knows of its rivers and of what was decided."""
    gauges = await city.find(RiverGauge)
    span = (now - LOOK_BACK, now + TICK)
    levels = await city.history(RiverGauge, "waterLevel", *span)
    rain = await city.history(RainGauge, "precipitation", *span)
    return Known(
        gauges=gauges,
        levels={g: [Level(p.measured.observed_at, p.measured.value) for p in past] for g, past in levels.items()},
        rain=mean_rain({gauge: samples_of(past) for gauge, past in rain.items()}),
        forecasts={str(f.ref_gauge): f for f in await city.find(WaterLevelForecast)},
        monitoring={str(m.ref_gauge): m for m in await city.find(FloodMonitoring)},
        proposals=await city.find(FloodProposal),
        alerts=alerts_of(await city.find(Alert), SERVICE),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """All that pages may ask of: what is known, what rain fell at each gauge, decisions, scores and settings; and the
    types of which who looks may not see everything."""

    known: Known
    rain: Mapping[str, Sequence[Sample]]
    decisions: Sequence[FloodDecision]
    scores: Sequence[ModelScore]
    settings: Settings
    closed: frozenset[str] = frozenset()


async def standing(city: City, now: datetime) -> Standing:
    """What stands at this moment."""
    rain = await city.history(RainGauge, "precipitation", now - LOOK_BACK, now + TICK)
    return Standing(
        await gather(city, now),
        {gauge: samples_of(past) for gauge, past in rain.items()},
        await city.find(FloodDecision),
        await city.find(ModelScore),
        await city.settings(Settings),
        frozenset(view.TYPE for view in _TOLD if not city.shows(view)),
    )


_TOLD = (
    RiverGauge, RainGauge, FloodMonitoring, Alert, FloodProposal, FloodDecision, ModelScore
)  # fmt: skip


def samples_of(past: Sequence[Past]) -> list[Sample]:
    """Past values as samples, without those that are marked as missing."""
    return [Sample(p.measured.observed_at, p.measured.value) for p in past if p.measured.value is not None]


def texts_for(shelters: Sequence[Shelter], gauge: RiverGauge, level: int) -> Texts:
    """What could be told about a gauge at a warning level, in every language of the town."""
    near = near_shelters(gauge, shelters)

    def said(part: str) -> Words:
        return Words({language: _sentence(Catalogue(language, PACKAGE), part) for language in LANGUAGES})

    def _sentence(words: Catalogue, part: str) -> str:
        tongue = "en" if words.language == "en" else "ja"
        names = {"gauge": _name(gauge.name, tongue, gauge.id), "river": _name(gauge.river, tongue, "")}
        text = words.plain(f"flood.say.{part}" if part == "area" else f"flood.say.{level}.{part}", **names)
        if part == "instruction" and near and level >= 3:
            places = words.plain("flood.say.join").join(_name(s.name, tongue, s.id) for s in near)
            text += words.plain("flood.say.near", places=places)
        return text

    return Texts(said("event"), said("headline"), said("text"), said("instruction"), said("area"))


async def approve(city: City, proposal_id: str, message: Message, by: Officer) -> None:
    """Publish a proposal as the officer wrote it: as an alert, or, where it lifts one, as its end."""

    async def issue(proposal: FloodProposal, texts: Texts, standing: Sequence[Alert], now: datetime) -> Alert:
        settings, gauge = await city.settings(Settings), await city.get(RiverGauge, str(proposal.ref_subject))
        if gauge is None:
            raise NotFound(f"There is no gauge {proposal.ref_subject}", gauge=str(proposal.ref_subject))
        return issued(city.new_id(Alert.TYPE), proposal, texts, gauge, standing, by, settings, now)

    await approving.approve(city, OWN, proposal_id, message, by, issue)


async def set_thresholds(city: City, gauge_id: str, levels: Thresholds, reason: str, by: Officer) -> None:
    """Change the levels of a gauge; who, why, and what they were before stays."""
    async with city.turn:
        demand_officer(by)
        await _change_thresholds(city, gauge_id, checked_thresholds(levels), "thresholds", demand_reason(reason), by)


async def undo_thresholds(city: City, gauge_id: str, by: Officer, seen: datetime) -> None:
    """Bring back the levels before the last change that has not been undone. seen: when the newest entry of their
    history was made that the officer saw. Raises Conflict where there is a newer one, or nothing to undo."""
    async with city.turn:
        demand_officer(by)
        log = [d for d in await city.find(FloodDecision) if d.ref_subject == gauge_id]
        last = last_change(log, "thresholds", "undone")
        if last is None or last.before is None:
            raise Conflict("There is no change of these levels to undo", gauge=gauge_id)
        if max(d.decided_at for d in log if d.after) != seen:
            raise Conflict("These levels were changed or undone meanwhile; look at them once more", gauge=gauge_id)
        await _change_thresholds(city, gauge_id, Thresholds.of(last.before), "undone", last.reason or "", by)


async def set_setting(city: City, change: Change) -> None:
    """Change a setting of the service; the change stands in the log of decisions as well."""
    text, name = city.manifest.setting(change.name).help, change.name
    await keep(city, change)
    named = Words({"ja": f"{name}：{text.ja}", "en": f"{name}: {text.en}"})
    kind: DecisionKind = "setting_undone" if change.undone else "setting"
    values = {"before": {name: change.before}, "after": {name: change.after}}
    await city.publish(OWN.entry(city, kind, named, change.by, change.reason, **values), by=change.by.who)


async def _change_thresholds(
    city: City, gauge_id: str, levels: Thresholds, kind: DecisionKind, reason: str, by: Officer
) -> None:
    gauge = await city.get(RiverGauge, gauge_id)
    if gauge is None:
        raise NotFound(f"There is no gauge {gauge_id}", gauge=gauge_id)
    now, unit = city.now(), gauge.water_level.unit if gauge.water_level else None

    def at_now(value: float | None) -> Measured | None:
        return None if value is None else Measured(value, now, unit)

    marks = (levels.attention, levels.judgement, levels.danger, levels.bank)
    change = {"before": asdict(thresholds_of(gauge)), "after": asdict(levels)}
    decision = OWN.entry(city, kind, gauge.name, by, reason, ref_subject=Ref(gauge_id), **change)
    await city.publish(GaugeThresholds(gauge_id, *map(at_now, marks)), decision, by=by.who, whole=True)


def _name(words: Words | None, language: str, otherwise: str) -> str:
    return otherwise if not words else words.get(language) or next(iter(words.values()))
