"""What happens to the pilots of a town: one is written down, a decision is taken, told in time, or taken back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from machinami.foundation.errors import Conflict, NotFound
from machinami.foundation.instant import parse_instant
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.kit.happening import seen
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import EffectEstimate, GateDecision, Pilot
from machinami.model.vocabulary.office import Officer
from machinami.services.pilots import logic
from machinami.services.pilots.model import Indicator, Settings, Verdicts, Work

PACKAGE = "machinami.services.pilots"
WAITING = "waiting"
_MOMENTS = ("decided_at", "published_at")


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is known of a town's pilots. closed: types that who looks may not see."""

    pilots: Sequence[Pilot]
    decisions: Sequence[GateDecision]
    indicators: Sequence[Indicator]
    works: Sequence[Work]
    effects: Sequence[EffectEstimate]
    closed: frozenset[str]


async def refresh(city: City, now: datetime) -> None:
    """Make public what has waited long enough, with what it makes of the pilot."""
    async with city.turn:
        for one in await waiting(city):
            if one.published_at is None or one.published_at <= now:
                pilot = await _pilot(city, one.ref_pilot or "")
                await city.publish(logic.after(pilot, one, ZoneInfo(city.zone)), one, whole=True)
                await city.private(partial(_take_out, key=one.id))


async def standing(city: City) -> Standing:
    """All that who looks may see."""
    return Standing(
        await city.find(Pilot),
        await city.find(GateDecision),
        await city.find(Indicator),
        await city.find(Work),
        await seen(city, EffectEstimate),
        frozenset(view.TYPE for view in (Pilot, GateDecision, Indicator, Work, EffectEstimate) if not city.shows(view)),
    )


async def waiting(city: City) -> list[GateDecision]:
    """The decisions that are taken and not yet public."""
    return [_read(key, row) for key, row in (await city.private_rows(WAITING)).items()]


async def write_down(city: City, pilot: Pilot, by: Officer) -> Pilot:
    """Keep a new pilot, or what is said anew of one that has not ended."""
    async with city.turn:
        known = await city.get(Pilot, pilot.id)
        if known is not None:
            kept = replace(pilot, state=known.state, started_on=known.started_on, ended_on=known.ended_on)
            pilot = replace(kept, lessons=known.lessons, simulated=known.simulated)
        await city.publish(pilot, by=str(by), whole=True)
    return pilot


async def decide(city: City, pilot_id: str, said: Verdicts, by: Officer) -> GateDecision:
    """Take a decision at a gate. It is public at once, or after the hours that the town has set. Who may change the
    pilot decides; the decision itself is written down by the service, for a mayor may decide but adds nothing."""
    if not city.may_decide(Pilot.TYPE):
        city.demand_author()
    now = city.now()
    hours = (await city.settings(Settings)).hours_before_public
    async with city.turn:
        pilot = await _pilot(city, pilot_id)
        indicator = await city.get(Indicator, pilot.ref_indicator) if pilot.ref_indicator else None
        measured = indicator.current if indicator else None
        if any(one.ref_pilot == pilot_id for one in await waiting(city)):
            raise Conflict(f"A decision on {pilot_id} waits to be public; take it back to decide anew", pilot=pilot_id)
        name = city.new_id(GateDecision.TYPE)
        decision = logic.decide(pilot, said, measured, now, name, timedelta(hours=hours))
        if hours:
            await city.private(lambda drawer: drawer.put(WAITING, decision.id, _written(decision)))
        else:
            after = logic.after(pilot, decision, ZoneInfo(city.zone))
            await city.at_reception().publish(after, decision, by=str(by), whole=True)
    return decision


async def retract(city: City, decision_id: str, reason: str, by: Officer) -> None:
    """Take the last decision on a pilot back; it stays readable with the reason."""
    note = {"by": by.who, "role": by.role, "reason": reason, "at": city.now().isoformat()}
    async with city.turn:
        held = {one.id: one for one in await waiting(city)}
        decisions = [*await city.find(GateDecision), *held.values()]
        decision = next((one for one in decisions if one.id == decision_id), None)
        if decision is None:
            raise NotFound(f"There is no decision {decision_id!r}", decision=decision_id)
        pilot, after = logic.retract(await _pilot(city, decision.ref_pilot or ""), decision, decisions, note)
        await city.publish(pilot, after, by=str(by), whole=True)
        if decision_id in held:  # one that was taken back is told as that: it waits for nothing any more
            await city.private(partial(_take_out, key=decision_id))


async def into_operation(city: City, pilot_id: str, by: Officer) -> None:
    """Say that a pilot that passed now runs as a service."""
    async with city.turn:
        await city.publish(logic.into_operation(await _pilot(city, pilot_id)), by=str(by))


async def say_lessons(city: City, pilot_id: str, lessons: Words, by: Officer) -> None:
    """Keep what others may learn from a pilot, of failures too; what was said in another language stays."""
    async with city.turn:
        pilot = await _pilot(city, pilot_id)
        await city.publish(replace(pilot, lessons=Words({**(pilot.lessons or {}), **lessons})), by=str(by))


async def _pilot(city: City, pilot_id: str) -> Pilot:
    pilot = await city.get(Pilot, pilot_id)
    if pilot is None:
        raise NotFound(f"There is no pilot {pilot_id!r}", pilot=pilot_id)
    return pilot


def _take_out(drawer: Drawer, key: str) -> None:
    drawer.drop(WAITING, key)


def _written(decision: GateDecision) -> dict[str, Any]:
    row = {name: value for name, value in asdict(decision).items() if value is not None and name != "id"}
    return {name: value.isoformat() if name in _MOMENTS else value for name, value in row.items()}


def _read(key: str, row: dict[str, Any]) -> GateDecision:
    moments = {name: parse_instant(row[name]) for name in _MOMENTS if name in row}
    spoken: dict[str, Any] = {name: Words(row[name]) for name in ("reason", "dissent") if name in row}
    told: dict[str, Any] = {**row, **moments, **spoken, "ref_pilot": Ref(row["ref_pilot"])}
    return GateDecision(key, **told)
