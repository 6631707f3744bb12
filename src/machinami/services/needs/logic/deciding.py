"""What may be decided on a note, a need or a vision, and how is it undone?"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any, TypeVar

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CityNeed, NeedState, Vision
from machinami.model.vocabulary.office import Officer
from machinami.services.needs.model import STATES, NeedDecision, NeedNote

T = TypeVar("T", CityNeed, Vision, NeedNote)
UNDOABLE = frozenset({"accepted", "declined", "added", "grouped", "parted", "changed"})
_TOLD = ("name", "text", "field", "state", "reason", "ref_group", "ref_vision", "voices")


def judged(note: NeedNote, accept: bool, reason: str, need: str | None, by: Officer, now: datetime) -> NeedNote:
    """The note as an officer decided on it. need: what it became. Raises Conflict where it was decided on before."""
    if note.state != "waiting":
        raise Conflict("This voice has been decided on already; undo that decision first", note=note.id)
    if not accept and not reason:
        raise BadRequestData(
            "Say why it is not taken: who handed it in will read it", field="reason", key="refused.reason"
        )
    return replace(
        note,
        state="accepted" if accept else "declined",
        reason=reason or None,
        decided_by=by.who,
        role=by.role,
        decided_at=now,
        ref_need=Ref(need) if need else None,
    )


def changed(need: CityNeed, *, state: str, reason: str, field: str, vision: str) -> CityNeed:
    """The need as an officer changed it. Raises BadRequestData where it is closed without a reason."""
    now: NeedState | None = next((one for one in STATES if one == state), None)
    if now is None:
        raise BadRequestData(f"{state!r} is no state; choose one of {', '.join(STATES)}", field="state")
    if state == "closed" and not reason:
        raise BadRequestData("Say why the need is closed: residents will read it", field="reason", key="refused.reason")
    return replace(need, state=now, reason=reason or None, field=field, ref_vision=Ref(vision) if vision else None)


def drafted(visions: Sequence[Vision], vision_id: str, name: str, text: str, language: str) -> Vision:
    """The draft of a vision: the one that is being written with other words, else a new one with the next number."""
    open_ones = [vision for vision in visions if vision.state == "draft"]
    if open_ones:
        held = open_ones[-1]
        return replace(held, name=_with(held.name, language, name), text=_with(held.text, language, text))
    number = max((vision.version or 0 for vision in visions), default=0) + 1
    return Vision(vision_id, Words({language: name}), Words({language: text}), "draft", number)


def _with(words: Words | None, language: str, text: str) -> Words:
    return Words({**(words or {}), language: text})


def adopted(visions: Sequence[Vision], vision_id: str, by: Officer, on: date) -> list[Vision]:
    """The draft as the vision that stands, and the one before it as replaced. Raises Conflict where it is no draft."""
    draft = next((vision for vision in visions if vision.id == vision_id and vision.state == "draft"), None)
    if draft is None:
        raise Conflict("This is no draft of a vision any more", vision=vision_id)
    before = standing(visions)
    now = replace(
        draft,
        state="adopted",
        adopted_on=on.isoformat(),
        adopted_by=f"{by.who}（{by.role}）",
        ref_replaced=Ref(before.id) if before else None,
    )
    return [now] if before is None else [now, replace(before, state="replaced")]


def standing(visions: Sequence[Vision]) -> Vision | None:
    """The vision that stands: the last one adopted."""
    held = [vision for vision in visions if vision.state == "adopted"]
    return max(held, key=lambda vision: vision.version or 0, default=None)


def difference(before: Sequence[T | None], after: Sequence[T]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was changed, before and after, by entity id and field; an entity that was not there is None before."""
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for old, new in zip(before, after, strict=True):
        names = [field.name for field in fields(new) if field.name in _TOLD]
        if old is None:
            was[new.id], now[new.id] = None, {"state": new.state}
        else:
            moved = [name for name in names if getattr(old, name) != getattr(new, name)]
            was[new.id] = {name: getattr(old, name) for name in moved}
            now[new.id] = {name: getattr(new, name) for name in moved}
    return was, now


def undoable(decisions: Sequence[NeedDecision]) -> set[str]:
    """The decisions that may be undone: not undone yet, and nothing decided since on any of the same needs."""
    ordered = sorted(decisions, key=lambda one: (str(one.decided_at), one.id), reverse=True)
    undone = {str(one.ref_source) for one in ordered if one.kind == "undone"}
    touched: set[str] = set()
    found: set[str] = set()
    for one in ordered:
        about = set(one.before or {}) | ({str(one.ref_source)} if one.ref_source and one.kind != "undone" else set())
        if one.kind == "undone" or one.id in undone:
            continue
        if one.kind in UNDOABLE and not about & touched:
            found.add(one.id)
        touched |= about
    return found


def brought_back(needs: Mapping[str, CityNeed], before: Mapping[str, Any]) -> list[CityNeed]:
    """The needs as they were before a decision; one that was made by it is closed."""
    found = []
    for need_id, was in before.items():
        need = needs.get(need_id)
        if need is None:
            continue
        if was is None:
            found.append(replace(need, state="closed", ref_group=None))
        else:
            found.append(replace(need, **{name: _as_it_was(name, value) for name, value in was.items()}))
    return found


def _as_it_was(name: str, value: Any) -> Any:
    if value is not None and name in ("name", "text"):
        return Words(value)
    return Ref(value) if value is not None and name.startswith("ref_") else value
