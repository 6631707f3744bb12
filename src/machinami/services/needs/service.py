"""What may residents and officers do with needs and visions? Gather, decide, publish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, TooManyRequests
from machinami.kit.city import City
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CityNeed, Initiative, KeyPerformanceIndicator, Proposal, Vision
from machinami.model.vocabulary.office import Officer
from machinami.services.needs.logic.collecting import (
    checked_field,
    checked_text,
    comparable,
    made,
    read_lines,
    standing_alone,
)
from machinami.services.needs.logic.deciding import (
    adopted,
    brought_back,
    changed,
    difference,
    drafted,
    judged,
    standing,
    undoable,
)
from machinami.services.needs.logic.grouping import grouped, offers, parted
from machinami.services.needs.model import NeedDecision, NeedDeed, NeedNote, Settings

PACKAGE = "machinami.services.needs"
V = TypeVar("V")
LONGEST_VISION = 4_000


async def refresh(city: City, now: datetime) -> None:
    """Nothing happens to a need by the clock: people decide here."""


@dataclass(frozen=True, slots=True)
class Held:
    """All that pages may ask of; and the types of which who looks may not see everything."""

    needs: Sequence[CityNeed]
    visions: Sequence[Vision]
    initiatives: Sequence[Initiative]
    indicators: Sequence[KeyPerformanceIndicator]
    notes: Sequence[NeedNote]
    proposals: Sequence[Proposal]
    decisions: Sequence[NeedDecision]
    closed: frozenset[str]


_TOLD = (CityNeed, Vision, Initiative, KeyPerformanceIndicator, NeedNote, Proposal, NeedDecision)


async def held(city: City) -> Held:
    """What stands at this moment, as far as who looks may see it."""
    return Held(
        await _seen(city, CityNeed),
        await _seen(city, Vision),
        await _seen(city, Initiative),
        await _seen(city, KeyPerformanceIndicator),
        await _seen(city, NeedNote),
        await _seen(city, Proposal),
        await _seen(city, NeedDecision),
        frozenset(view.TYPE for view in _TOLD if not city.shows(view)),
    )


async def _seen(city: City, view: type[V]) -> list[V]:
    """What who looks may see of a type; nothing where they may see none of it: the page is for everybody all the same,
    since everybody may hand something in."""
    try:
        return await city.find(view)
    except Forbidden:
        return []


async def hand_in(city: City, text: str, field: str, language: str) -> NeedNote:
    """Take what a resident says; nobody but officers sees it before one has looked at it."""
    reception = city.at_reception()
    async with city.turn:
        waiting = [note for note in await reception.find(NeedNote) if note.state == "waiting"]
        if len(waiting) >= (await city.settings(Settings)).most_waiting:
            raise TooManyRequests("Too many voices wait for an officer at the moment; please come back tomorrow")
        note = NeedNote(
            city.new_id("NeedNote"),
            Words({language: checked_text(text)}),
            checked_field(field),
            city.now(),
            "waiting",
        )
        await reception.publish(note)
    return note


async def receipt(city: City, number: str) -> NeedNote | None:
    """What became of what somebody handed in, by the number that they were given."""
    return await city.at_reception().get(NeedNote, f"urn:ngsi-ld:NeedNote:{number}") if number else None


async def judge(
    city: City, note_id: str, accept: bool, reason: str, by: Officer, into: str = "", name: str = "", text: str = ""
) -> None:
    """Make a need of a note, or count it to one that is there (into), or decline it with a reason.

    name, text: the officer's words where they differ from the resident's (a name or a telephone number taken out).
    """
    async with city.turn:
        note = await _note(city, note_id)
        standing_vision = standing(await city.find(Vision))
        language, handed_in = next(iter((note.text or {"ja": ""}).items()))
        need: CityNeed | None = None
        if accept:
            said = text or handed_in
            vision = standing_vision.id if standing_vision else ""
            head = await _need(city, into) if into else None
            need = made(city.new_id("CityNeed"), said, language, note.field or "other", "resident", _today(city),
                        vision=vision)  # fmt: skip
            need = _named(need, name, language)
            if head is not None:
                need = grouped(head, [need], {need.id: need})[0]
        decided = judged(note, accept, reason, need.id if need else None, by, city.now())
        await city.publish(*([need] if need else []), decided, by=by.who, whole=True)
        kind: NeedDeed = "accepted" if accept else "declined"
        await _log(city, kind, [None] if need else [], [need] if need else [], by, reason, source=note.id,
                   subject=need.name if need else note.text)  # fmt: skip


async def add(city: City, text: str, field: str, origin: str, language: str, by: Officer, source: str = "") -> CityNeed:
    """Write down one need, from an office, a workshop, a service or a report (source: its id)."""
    async with city.turn:
        vision = standing(await city.find(Vision))
        need = made(
            city.new_id("CityNeed"), text, language, field, origin, _today(city), vision=vision.id if vision else ""
        )
        if source:
            need = _sourced(need, source)
        await city.publish(need, by=by.who, whole=True)
        await _log(city, "added", [None], [need], by, "", subject=need.name)
    return need


async def paste(city: City, pasted: str, field: str, origin: str, language: str, by: Officer) -> int:
    """Write down what a workshop brought, one need a line, all of them or none; how many."""
    async with city.turn:
        vision = standing(await city.find(Vision))
        needs = [
            made(city.new_id("CityNeed"), line.text, language, field, origin, _today(city), line.voices,
                 vision.id if vision else "")
            for line in read_lines(pasted)
        ]  # fmt: skip
        await city.publish(*needs, by=by.who, whole=True)
        await _log(city, "added", [None] * len(needs), needs, by, "", subject=needs[0].name)
    return len(needs)


async def similar(city: City) -> list[tuple[str, ...]]:
    """Groups of needs that may say the same, by id; worked out in a worker, since it grows with their square."""
    needs = standing_alone(await city.find(CityNeed))
    rows = [(need.id, comparable(need)) for need in needs]
    return await city.compute(offers, rows, (await city.settings(Settings)).likeness)


async def group(city: City, head_id: str, member_ids: Sequence[str], by: Officer) -> None:
    """Put needs under the one that stands for them."""
    async with city.turn:
        needs = {need.id: need for need in await city.find(CityNeed)}
        head = await _need(city, head_id)
        after = grouped(head, [needs[one] for one in member_ids if one in needs], needs)
        await city.publish(*after, by=by.who, whole=True)
        await _log(city, "grouped", [needs[one.id] for one in after], after, by, "", subject=head.name, need=head.id)


async def part(city: City, need_id: str, by: Officer) -> None:
    """Let a need stand for itself again."""
    async with city.turn:
        before = await _need(city, need_id)
        after = parted(before)
        await city.publish(after, by=by.who, whole=True)
        await _log(city, "parted", [before], [after], by, "", subject=after.name)


async def change(city: City, need_id: str, state: str, reason: str, field: str, vision: str, by: Officer) -> None:
    """Say how a need stands, of which field and of which vision it is."""
    async with city.turn:
        before = await _need(city, need_id)
        after = changed(before, state=state, reason=reason, field=checked_field(field), vision=vision)
        await city.publish(after, by=by.who, whole=True)
        await _log(city, "changed", [before], [after], by, reason, subject=after.name)


async def undo(city: City, decision_id: str, by: Officer) -> None:
    """Take a decision back: needs as they were before it, and a note waiting again."""
    async with city.turn:
        decisions = await city.find(NeedDecision)
        decision = next((one for one in decisions if one.id == decision_id), None)
        if decision is None or decision_id not in undoable(decisions):
            raise Conflict("This cannot be undone any more: something was decided since", decision=decision_id)
        needs = {need.id: need for need in await city.find(CityNeed)}
        back: list[CityNeed | NeedNote] = [*brought_back(needs, decision.before or {})]
        if decision.kind in ("accepted", "declined"):
            note = await _note(city, str(decision.ref_source))
            back.append(
                NeedNote(note.id, note.text, note.field, note.handed_in_at, "waiting", simulated=note.simulated)
            )
        await city.publish(*back, by=by.who, whole=True)
        done = NeedDecision(
            city.new_id("NeedDecision"), "undone", decision.subject, city.now(), by.who, by.role,
            ref_need=decision.ref_need, ref_source=Ref(decision.id),
        )  # fmt: skip
        await city.at_reception().publish(done, by=by.who)


async def draft_vision(city: City, name: str, text: str, language: str, by: Officer) -> None:
    """Write the next vision, as a draft that may be written again until it is adopted."""
    if len(text) > LONGEST_VISION:
        raise BadRequestData(f"The vision has {len(text)} characters; at most {LONGEST_VISION} are taken", field="text")
    async with city.turn:
        visions = await city.find(Vision)
        draft = drafted(visions, city.new_id("Vision"), name, text, language)
        await city.publish(draft, by=by.who, whole=True)
        await _log(city, "drafted", [], [], by, "", subject=draft.name, need=draft.id)


async def adopt_vision(city: City, vision_id: str, reason: str, by: Officer) -> None:
    """Have a draft be the vision that stands; the one before it stays, as replaced."""
    async with city.turn:
        changed_ones = adopted(await city.find(Vision), vision_id, by, _today(city))
        await city.publish(*changed_ones, by=by.who, whole=True)
        await _log(city, "adopted", [], [], by, reason, subject=changed_ones[0].name, need=vision_id)


async def _log(
    city: City,
    kind: NeedDeed,
    before: Sequence[CityNeed | None],
    after: Sequence[CityNeed],
    by: Officer,
    reason: str,
    *,
    subject: Mapping[str, str] | None,
    source: str = "",
    need: str = "",
) -> None:
    """Keep who did what. The service writes it, after the change itself was allowed: a mayor, who decides on what
    stands but adds nothing, is named in the log like everybody else."""
    was, now = difference(before, after)
    about = need or (after[0].id if after else "")
    await city.at_reception().publish(
        NeedDecision(
            city.new_id("NeedDecision"),
            kind,
            Words(subject or {"ja": ""}),
            city.now(),
            by.who,
            by.role,
            reason or None,
            Ref(about) if about else None,
            Ref(source) if source else None,
            was,
            now,
        ),
        by=by.who,
    )


async def _need(city: City, need_id: str) -> CityNeed:
    need = await city.get(CityNeed, need_id)
    if need is None:
        raise NotFound(f"There is no need {need_id}", need=need_id)
    return need


async def _note(city: City, note_id: str) -> NeedNote:
    note = await city.get(NeedNote, note_id)
    if note is None:
        raise NotFound(f"There is no voice {note_id}", note=note_id)
    return note


def _named(need: CityNeed, name: str, language: str) -> CityNeed:
    return need if not name else replace(need, name=Words({language: name}))


def _sourced(need: CityNeed, source: str) -> CityNeed:
    return replace(need, ref_source=Ref(source))


def _today(city: City) -> date:
    return city.now().astimezone(ZoneInfo(city.zone)).date()
