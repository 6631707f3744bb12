"""Which comparisons can be made of an indicator, which were, and what does each say and not say, in plain words?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, InputError, NotFound
from machinami.foundation.instant import format_instant
from machinami.kit.city import City
from machinami.kit.effects import compared, limits, says
from machinami.kit.units import change_text, unit_text
from machinami.kit.words import Words
from machinami.model.view import Ref
from machinami.model.view import Words as Texts
from machinami.model.vocabulary.circle import EffectEstimate, Initiative, KeyPerformanceIndicator
from machinami.model.vocabulary.office import Officer
from machinami.services.indicators import service
from machinami.services.indicators.book.drawings import Drawing, two_lines
from machinami.services.indicators.logic.effects import STEPS, Estimate, Series, Step, estimate, read_table, stepped
from machinami.services.indicators.logic.formula import Attribute, aggregates, read_or_fault
from machinami.services.indicators.logic.way import Sample

DAYS = 3_660
MOST_ENTITIES = 60
MARK = "place:"


@dataclass(frozen=True, slots=True)
class Place:
    """A series that can be compared: an indicator of the town, or an entity that its formula counts. many: how many
    values it has."""

    key: str
    name: str
    many: int


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate as it stands on a page. said: what it says, the most important first; limits: what it does not say;
    withdrawn: who took it back and why, where somebody did."""

    id: str
    key: str
    name: str
    value: str
    says: Sequence[str]
    limits: Sequence[str]
    treated: str
    others: str
    why: str
    work: str
    who: str
    role: str
    at: datetime | None
    withdrawn: str
    drawing: Drawing | None
    simulated: bool


async def places(city: City, kpi: KeyPerformanceIndicator, words: Words) -> list[Place]:
    """The series that can be compared: the indicator itself, the entities that its formula counts as far as who looks
    may see them, and the town's other indicators."""
    now = city.now()
    found: list[Place] = []
    kpis = [kpi, *(one for one in await city.find(KeyPerformanceIndicator) if one.id != kpi.id)]
    for one in kpis:
        many = len(await service.history_of(city, one.id, DAYS, now))
        if many > 1:
            found.append(Place(one.id, words.of(one.name, one.id), many))
    for type_name, attribute, label in _counted(city, kpi, words):
        held = await city.history(type_name, attribute, now - timedelta(days=DAYS), now + timedelta(seconds=1))
        for entity_id, past in list(held.items())[:MOST_ENTITIES]:
            many = sum(p.measured.value is not None for p in past)
            if many > 1:
                name = f"{called(city, entity_id, words)}（{label}）"
                found.append(Place(f"{entity_id}|{attribute}", name, many))
    return found


def _counted(city: City, kpi: KeyPerformanceIndicator, words: Words) -> list[tuple[str, str, str]]:
    """Of which types the formula of an indicator counts which measured attribute: type, attribute, in words. Those of
    which who looks may not see everything are left out."""
    term = read_or_fault(kpi.formula, city.terms)[0] if kpi.formula else None
    found = []
    for one in aggregates(term) if term is not None else ():
        if isinstance(one.value, Attribute) and one.value.inner is None and city.sees(one.type):
            name = city.terms.compact(one.value.path.names[0])
            label = words.plain(f"attribute.{name}") if words.has(f"attribute.{name}") else name
            found.append((city.terms.compact(one.type), name, label))
    return list(dict.fromkeys(found))


def called(city: City, entity_id: str, words: Words) -> str:
    """What an entity is called."""
    found = city.peek(entity_id)
    name = found.get(city.terms.expand("name")) if found is not None else None
    if name is None:
        return entity_id.split(":", 2)[-1]
    return words.of(name.value, entity_id) if isinstance(name.value, dict) else str(name.value)


async def compare(city: City, kpi_id: str, form: Mapping[str, str], words: Words, by: Officer) -> str:
    """Compare what an officer chose, and keep what comes of it; its id. Raises BadRequestData saying what lacks."""
    kpi = await service.indicator(city, kpi_id)
    step, began = _step(form), _day(form.get("began", ""))
    name, reason = form.get("name", "").strip()[:120], form.get("reason", "").strip()[:500]
    if not name or not reason:
        raise BadRequestData(
            "Name the measure, and say why these places are alike",
            field="reason" if name else "name",
            key="ind.effect.wrong.why",
        )
    known = {one.key: one for one in await places(city, kpi, words)}
    chosen = {key.removeprefix(MARK): side for key, side in form.items() if key.startswith(MARK) and side}
    sides: dict[str, list[Series]] = {"treated": [], "others": []}
    for key, side in chosen.items():
        if key in known and side in sides:
            sides[side].append(Series(key, known[key].name, stepped(await _past(city, key), step, city.zone)))
    try:
        pasted = read_table(form.get("table", ""), step)
        named = {one.strip() for one in form.get("table_treated", "").replace("、", ",").split(",") if one.strip()}
        for series in pasted:
            sides["treated" if series.name in named else "others"].append(series)
        today = city.now().astimezone(ZoneInfo(city.zone)).date()
        told = estimate(sides["treated"], sides["others"], began, step, today)
    except InputError as error:
        raise BadRequestData(error.detail, **{"field": "began", **error.facts}) from error
    made = _kept(city, kpi, told, sides, step, began, by)
    work = form.get("work", "")
    is_work = work in {one.id for one in await city.find(Initiative)}
    made = replace(
        made,
        name=Texts({words.tongue: name}),
        reason=Texts({words.tongue: reason}),
        ref_initiative=Ref(work) if is_work else None,
    )
    await city.publish(made, by=by.who)
    return made.id


def _kept(
    city: City, kpi: KeyPerformanceIndicator, told: Estimate, sides: Mapping[str, Sequence[Series]], step: Step,
    began: date, by: Officer,
) -> EffectEstimate:  # fmt: skip
    others = [
        {"id": one.id, "name": one.name, "weight": weight}
        for one, weight in zip(sides["others"], told.weights, strict=True)
    ]
    own = any(not one.id.startswith("table:") for one in (*sides["treated"], *sides["others"]))
    return EffectEstimate(
        city.new_id(EffectEstimate.TYPE), None, Ref(kpi.id), None, told.method, step, began.isoformat(), told.before,
        len(told.steps) - told.before, [{"id": one.id, "name": one.name} for one in sides["treated"]], list(others),
        told.effect, told.low, told.high, kpi.unit, list(told.findings),
        {"steps": [one.isoformat() for one in told.steps], "treated": list(told.treated), "others": list(told.others)},
        None, by.who, by.role, city.now(), simulated=kpi.simulated if own else None,
    )  # fmt: skip


async def withdraw(city: City, estimate_id: str, reason: str, by: Officer) -> EffectEstimate:
    """Take an estimate back, with the reason; it stays to be read. Raises BadRequestData, NotFound."""
    async with city.turn:
        found = await city.get(EffectEstimate, estimate_id)
        if found is None or found.withdrawn:
            raise NotFound("This estimate is withdrawn already, or not there any more", entityId=estimate_id)
        if not reason:
            raise BadRequestData(
                "Say why the estimate is withdrawn: residents will read it", field="reason", key="refused.reason"
            )
        gone = {"at": format_instant(city.now()), "by": by.who, "role": by.role, "reason": reason}
        await city.publish(replace(found, withdrawn=gone), by=by.who)
    return found


async def _past(city: City, key: str) -> list[Sample]:
    entity_id, _, attribute = key.partition("|")
    if not attribute:
        return await service.history_of(city, entity_id, DAYS, city.now())
    found = city.peek(entity_id)
    if found is None:
        return []
    kind, now = city.terms.compact(found.types[0]), city.now()
    held = await city.history(kind, attribute, now - timedelta(days=DAYS), now + timedelta(seconds=1), [entity_id])
    measured = (past.measured for past in held.get(entity_id, ()))
    return [Sample(one.observed_at, one.value) for one in measured if one.value is not None]


def _step(form: Mapping[str, str]) -> Step:
    return next((one for one in STEPS if one == form.get("step")), "month")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequestData(
            f"{text[:20]!r} is no day; write it as 2026-06-30", field="began", key="refused.day"
        ) from None


async def effects_of(city: City, kpi: KeyPerformanceIndicator, words: Words) -> list[Effect]:
    """The estimates of an indicator, the newest first, those that were withdrawn at the end."""
    works = {one.id: words.of(one.name, one.id) for one in await city.find(Initiative)}
    found = [one for one in await city.find(EffectEstimate) if one.ref_indicator == kpi.id and one.effect is not None]
    rows = [_told(one, works, words) for one in found[::-1]]
    return sorted(rows, key=lambda row: bool(row.withdrawn))


def _told(found: EffectEstimate, works: Mapping[str, str], words: Words) -> Effect:
    treated, others = compared(found.treated), compared(found.others)
    gone = found.withdrawn or {}
    told = {name: gone.get(name, "") for name in ("by", "role", "reason")}
    return Effect(
        found.id,
        found.id.rpartition(":")[2],
        words.of(found.name, found.id),
        change_text(found.effect, found.unit, words),
        says(found, words),
        limits(words),
        "、".join(treated),
        "、".join(others),
        words.of(found.reason),
        works.get(str(found.ref_initiative or ""), ""),
        found.decided_by or "",
        found.role or "",
        found.decided_at,
        words.plain("ind.effect.withdrawn", **told) if gone else "",
        two_lines(found.series or {}, found.began or "", unit_text(found.unit, words)),
        bool(found.simulated),
    )
