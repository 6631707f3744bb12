"""What does the indicators service do? Gather, compute, judge, propose; and keep what officers decide, with who did."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound
from machinami.kit.city import City, Past
from machinami.model.entity import Entity
from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.circle import KeyPerformanceIndicator, PlanAnswer, PlanReview
from machinami.model.vocabulary.office import Officer
from machinami.services.indicators.logic.chain import circular
from machinami.services.indicators.logic.computing import (
    Asked,
    Outcome,
    Row,
    asked_by,
    came_within,
    compute,
    named,
    relationships,
)
from machinami.services.indicators.logic.formula import Term, aggregates, parse_formula
from machinami.services.indicators.logic.reviewing import is_stale, proposed
from machinami.services.indicators.logic.way import Sample, Way, judge, unmeasured
from machinami.services.indicators.model import (
    SAID_ONLY,
    Deed,
    Definition,
    IndicatorRevision,
    Settings,
    Standing,
)

PACKAGE = "machinami.services.indicators"
TYPE = KeyPerformanceIndicator.TYPE
ANEW = timedelta(hours=24)
"""A figure that does not change is written down once a day, so that its history shows that it was looked at."""
_MOMENT = timedelta(seconds=1)  # the end of a span is not within it, and what was measured just now shall be


class NotShown(Forbidden):
    """Not all that the formula asks for is open to who asks."""


async def refresh(city: City, now: datetime) -> None:
    """Compute and judge every indicator, and propose a review of the plan where one is off its path."""
    settings = await city.settings(Settings)
    reviews = await city.find(PlanReview)
    answered = {str(one.ref_review): one.decided_at for one in await standing_answers(city) if one.decided_at}
    for kpi in await city.find(KeyPerformanceIndicator):
        if kpi.retired_on is None:
            standing = await _looked_at(city, kpi, settings, now)
            if standing is not None:
                await city.publish(standing)
                kpi = replace(
                    kpi, state=standing.state, standing=standing.standing, current=standing.current or kpi.current
                )
            about = [review for review in reviews if review.ref_indicator == kpi.id]
            for review in proposed(kpi, about, settings.quiet_days, now, answered):
                await city.publish(review)


async def _looked_at(city: City, kpi: KeyPerformanceIndicator, settings: Settings, now: datetime) -> Standing | None:
    """What is found out of an indicator now; None where it is as it was."""
    current, simulated, count = kpi.current, kpi.simulated, None
    if kpi.formula:
        try:
            outcome = await computed(city, parse_formula(kpi.formula, city.terms), now)
        except NotShown:
            return _unless_same(kpi, None, unmeasured("closed"), simulated)
        except BadRequestData:
            return _unless_same(kpi, None, unmeasured("bad_formula"), simulated)
        if outcome.value is None:
            return _unless_same(kpi, None, unmeasured(outcome.why or "no_values"), simulated)
        count, simulated = outcome.smallest, simulated or outcome.simulated or None
        if is_stale(current, outcome.value, now, ANEW):
            current = Measured(outcome.value, now)
    first = await _first(city, kpi, current, settings, now)
    way = judge(replace(kpi, current=current), now, first, settings.tolerance_percent / 100, count)
    return _unless_same(kpi, current, way, simulated)


def _unless_same(
    kpi: KeyPerformanceIndicator, current: Measured | None, way: Way, simulated: bool | None
) -> Standing | None:
    fresh = current if current != kpi.current else None
    known = {**(kpi.standing or {}), "expected": None}
    if fresh is None and kpi.state == way.state and known == {**way.row(), "expected": None}:
        return None
    return Standing(kpi.id, fresh, way.state, way.row(), simulated)


async def _first(
    city: City, kpi: KeyPerformanceIndicator, current: Measured | None, settings: Settings, now: datetime
) -> Sample | None:
    """The first measured value, where it must stand in for a baseline, or for its date."""
    if kpi.baseline is not None and kpi.baseline_year is not None:
        return None
    past = await history_of(city, kpi.id, settings.history_days, now)
    if past:
        return past[0]
    return None if current is None or current.value is None else Sample(current.observed_at, current.value)


async def history_of(city: City, kpi_id: str, days: int, now: datetime) -> list[Sample]:
    """The measured values of an indicator, in order of time."""
    found: Mapping[str, list[Past]] = await city.history(
        KeyPerformanceIndicator, "current", now - timedelta(days=days), now + _MOMENT, [kpi_id]
    )
    measured = (past.measured for past in found.get(kpi_id, ()))
    return [Sample(one.observed_at, one.value) for one in measured if one.value is not None]


async def computed(city: City, term: Term, now: datetime) -> Outcome:
    """What a formula comes to. Raises NotShown where not all that it asks for is open to who asks."""
    demand_shown(city, term)
    gathered = {asked: await _rows(city, asked, now) for asked in asked_by(term)}
    linked = _linked(city, term, gathered)
    return compute(term, gathered.__getitem__, now, linked.get)


def demand_shown(city: City, term: Term) -> None:
    """Raise NotShown unless who asks may see all entities of all types that the formula asks for."""
    for one in aggregates(term):
        if not city.sees(one.type):
            kind = city.terms.compact(one.type)
            raise NotShown(
                f"Not every {kind} is open to who asks, so that a figure over them would be wrong", type_=kind
            )


async def _rows(city: City, asked: Asked, now: datetime) -> Sequence[Row]:
    found = await city.entities(asked.type, asked.condition)
    if asked.since_days is not None:
        found = [one for one in found if came_within(one, asked.since_days, now)]
    if not asked.past:
        return [Row(one) for one in found]
    ids = [one.id for one in found]
    since, until = now - timedelta(days=asked.past_days), now + _MOMENT
    past = await city.history(city.terms.compact(asked.type), city.terms.compact(asked.past), since, until, ids)
    values = {name: tuple(p.measured.value for p in row if p.measured.value is not None) for name, row in past.items()}
    return [Row(one, values.get(one.id, ())) for one in found]


def _linked(city: City, term: Term, gathered: Mapping[Asked, Sequence[Row]]) -> dict[str, Entity]:
    """The entities to which the relationships lead that the formula follows."""
    names = set().union(*(relationships(one) for one in aggregates(term)))
    found: dict[str, Entity] = {}
    waiting = [row.entity for rows in gathered.values() for row in rows] if names else []
    while waiting:
        one = waiting.pop()
        for name in names:
            for instance in one.attributes.get(name, ()):
                for target in named(instance.value):
                    other = None if target in found else city.peek(target)
                    if other is not None:
                        found[target] = other
                        waiting.append(other)
    return found


async def indicator(city: City, kpi_id: str) -> KeyPerformanceIndicator:
    """One indicator. Raises NotFound."""
    found = await city.get(KeyPerformanceIndicator, kpi_id)
    if found is None:
        raise NotFound(f"There is no indicator {kpi_id}", entityId=kpi_id)
    return found


async def make(city: City, wanted: Definition, by: Officer, deed: Deed = "made") -> str:
    """A new indicator; its id. Who makes it must see all that its formula asks for. Raises BadRequestData, NotShown."""
    made = replace(wanted, id=city.new_id(TYPE))
    _check(city, made)
    async with city.turn:
        known = await city.find(KeyPerformanceIndicator)
        if made.from_kpi and any(k.from_kpi == made.from_kpi and k.retired_on is None for k in known):
            raise Conflict(f"{made.from_kpi} is an indicator of the town already", kpi=made.from_kpi)
        await _write(city, made, None, deed, by, "")
    await measure(city, made.id)
    return made.id


async def change(city: City, wanted: Definition, by: Officer, reason: str, deed: Deed = "changed") -> None:
    """Write an indicator anew; what it was stays in its history. Raises BadRequestData, NotFound, Forbidden."""
    _check(city, wanted)
    async with city.turn:
        before = definition_of(await indicator(city, wanted.id))
        if before != wanted:
            await _write(city, wanted, before, deed, by, reason)
    await measure(city, wanted.id)


async def link(city: City, start: str, end: str, tie: bool, by: Officer) -> None:
    """Have an indicator lead to another in the logic model, or no longer. Raises Conflict for a circle, or where
    nothing would become other."""
    async with city.turn:
        kpis = {kpi.id: kpi for kpi in await city.find(KeyPerformanceIndicator) if kpi.retired_on is None}
        if start not in kpis or end not in kpis:
            raise NotFound("One of the two indicators is not followed any more", entityId=start)
        before = definition_of(kpis[start])
        leads = [one for one in before.leads_to or () if one != end] + ([end] if tie else [])
        if circular({kpi.id: kpi.leads_to or () for kpi in kpis.values()} | {start: leads}):
            raise Conflict("What leads to what would go in a circle", entityId=start)
        after = replace(before, leads_to=sorted(leads) or None)
        if sorted(before.leads_to or ()) == sorted(leads):
            raise Conflict("These two indicators are tied already" if tie else "Nothing ties these two indicators")
        await _write(city, after, before, "linked", by, "")


async def retire(city: City, kpi_id: str, by: Officer, reason: str) -> None:
    """Follow an indicator no longer; it and its history stay."""
    async with city.turn:
        before = definition_of(await indicator(city, kpi_id))
        await _write(city, replace(before, retired_on=city.now().date().isoformat()), before, "retired", by, reason)


async def undo(city: City, kpi_id: str, by: Officer) -> None:
    """Bring back what an indicator was before its last revision; one that was just made is retired. To undo once more
    brings back what was undone."""
    async with city.turn:
        now = definition_of(await indicator(city, kpi_id))
        last = next((r for r in await revisions(city, kpi_id) if r.kind not in SAID_ONLY), None)
        if last is None:
            raise Conflict("Nothing was changed yet", entityId=kpi_id)
        before = Definition.of(last.before) if last.before else replace(now, retired_on=city.now().date().isoformat())
        await _write(city, before, now, "undone", by, "")
    await measure(city, kpi_id)


async def record(city: City, kpi_id: str, value: float, at: datetime, by: Officer, note: str) -> None:
    """Write down a measured value by hand (a survey, a statistic). Raises BadRequestData, Conflict."""
    async with city.turn:
        known = await indicator(city, kpi_id)
        if known.formula:
            raise Conflict(
                "This indicator is computed from a formula; its value is not written by hand", entityId=kpi_id
            )
        if at > city.now() or (known.current is not None and at <= known.current.observed_at):
            raise BadRequestData("The day must be after the last recorded one, and not to come", field="at")
        entry = _revision(city, definition_of(known), "recorded", by, note)
        row = {"value": value, "at": at.isoformat()}
        await city.publish(Standing(kpi_id, Measured(value, at)), replace(entry, after=row))
    await measure(city, kpi_id)


async def decide(city: City, review_id: str, send: bool, by: Officer, reason: str) -> None:
    """Dismiss a proposed review with a reason, or send it to the plan. Raises BadRequestData, Conflict, NotFound."""
    if not send and not reason.strip():
        raise BadRequestData("A review is dismissed with a reason", field="reason", key="refused.reason")
    async with city.turn:
        review = await city.get(PlanReview, review_id)
        if review is None:
            raise NotFound(f"There is no review {review_id}", entityId=review_id)
        if review.state != "proposed":
            raise Conflict("This review is decided already", entityId=review_id, state=review.state)
        said = replace(
            review,
            state="sent" if send else "dismissed",
            decided_by=by.who,
            role=by.role,
            decided_at=city.now(),
            reason=reason.strip() or None,
        )
        await city.publish(said, await _told(city, review, "sent" if send else "dismissed", by, reason))


async def reopen(city: City, review_id: str, by: Officer, reason: str) -> None:
    """Take back that a review was sent or dismissed; it waits for a decision again. Raises Conflict where the plan has
    answered it, or something newer waits."""
    async with city.turn:
        review = await city.get(PlanReview, review_id)
        if review is None or review.state not in ("sent", "dismissed"):
            raise Conflict("This review is not decided, or not there any more", entityId=review_id)
        if any(one.ref_review == review_id for one in await standing_answers(city)):
            raise Conflict("The plan has answered this review; withdraw the answer there first", entityId=review_id)
        others = [one for one in await city.find(PlanReview) if one.ref_indicator == review.ref_indicator]
        if any(one.state == "proposed" for one in others):
            raise Conflict("A newer review of the same indicator waits already", entityId=review_id)
        again = replace(review, state="proposed", decided_by=None, role=None, decided_at=None, reason=None)
        await city.publish(again, await _told(city, review, "reopened", by, reason), whole=True)


async def standing_answers(city: City) -> list[PlanAnswer]:
    """What the plan answered to reviews, but for what was withdrawn."""
    return [one for one in await city.find(PlanAnswer) if not one.withdrawn]


async def _told(city: City, review: PlanReview, deed: Deed, by: Officer, reason: str) -> IndicatorRevision:
    kpi = await city.get(KeyPerformanceIndicator, str(review.ref_indicator))
    of = definition_of(kpi) if kpi else Definition(str(review.ref_indicator), review.subject)
    return _revision(city, of, deed, by, reason)


async def measure(city: City, kpi_id: str) -> None:
    """Compute and judge one indicator at once, so that who made or changed it sees what it comes to."""
    settings = await city.settings(Settings)
    standing = await _looked_at(city, await indicator(city, kpi_id), settings, city.now())
    if standing is not None:
        await city.publish(standing)


async def revisions(city: City, kpi_id: str) -> list[IndicatorRevision]:
    """The history of an indicator, the last revision first."""
    found = [r for r in await city.find(IndicatorRevision) if r.ref_indicator == kpi_id and r.decided_at is not None]
    return found[::-1]


def definition_of(kpi: KeyPerformanceIndicator) -> Definition:
    """What an indicator is, apart from what was found out of it."""
    return Definition(**{name: getattr(kpi, name) for name in Definition.__dataclass_fields__ if name != "TYPE"})


def _check(city: City, wanted: Definition) -> None:
    if wanted.formula:
        demand_shown(city, parse_formula(wanted.formula, city.terms))


async def _write(
    city: City, after: Definition, before: Definition | None, deed: Deed, by: Officer, reason: str
) -> None:
    entry = replace(
        _revision(city, after, deed, by, reason), before=before.row() if before else None, after=after.row()
    )
    await city.publish(after, entry, whole=True)


def _revision(city: City, of: Definition, deed: Deed, by: Officer, reason: str) -> IndicatorRevision:
    return IndicatorRevision(
        city.new_id(IndicatorRevision.TYPE), Ref(of.id), of.name or Words({"ja": of.id}), deed, None, None,
        by.who, by.role, city.now(), reason.strip() or None,
    )  # fmt: skip
