"""Which notices concern a rider: of what, at which stop, on which trip, and when?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.view import Words
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.transit import Step, TransitNotice, feed_of

TOLD, ENDED = "told", "ended"
GRAVE = (
    "noService", "stopMoved", "detour", "significantDelays", "reducedService", "modifiedService", "accessibilityIssue",
    "additionalService", "otherEffect", "unknownEffect", "noEffect",
)  # fmt: skip
"""Effects, those first that keep a rider from their way."""
AHEAD = timedelta(days=7)
LONGEST_HEADLINE, LONGEST_TEXT = 120, 1_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice as an officer wrote it: about a route and a stop by their keys (empty: any), from when until when as
    local times (empty: from now on; open)."""

    effect: str
    route: str
    stop: str
    headline: Mapping[str, str]
    text: Mapping[str, str]
    start: str
    end: str


def standing(notices: Sequence[TransitNotice], now: datetime, silent: timedelta) -> list[TransitNotice]:
    """The notices that hold now or within a week, the gravest first. One whose feed said nothing of it for a while is
    left out; so is one that its feed or an officer ended."""
    found = [
        one
        for one in notices
        if one.state == TOLD
        and (one.reported_at is None or now - one.reported_at <= silent)
        and any(start <= now + AHEAD and now < end for start, end in _spans(one))
    ]
    return sorted(found, key=lambda one: (not holds_at(one, now), _gravity(one), one.id))


def holds_at(one: TransitNotice, moment: datetime) -> bool:
    """Whether a notice holds at a moment."""
    return any(start <= moment < end for start, end in _spans(one))


def span_of(one: TransitNotice, now: datetime) -> tuple[datetime | None, datetime | None]:
    """From when (where that is still to come) until when the span holds that ends next; None: open."""
    start, end = min((span for span in _spans(one) if now < span[1]), default=(_FIRST, _LAST))
    return (start if start > now else None), (end if end < _LAST else None)


def concerns(one: TransitNotice, route: str, stops: Collection[str], trip: str = "", day: str = "") -> bool:
    """Whether a notice is about a route (key) at any of some stops (keys), on a trip and a day of the timetable. One
    about single trips concerns nobody of whom no trip is known."""
    feed = feed_of(route or next(iter(stops), ""))
    for row in one.about or [{}]:
        if (
            row.get("feed", feed) == feed
            and row.get("route", route) == route
            and (row.get("stop") is None or row["stop"] in stops)
            and row.get("trip", trip) == trip
            and (not day or row.get("day", day) == day)
        ):
            return True
    return False


def written(name: str, draft: Draft, by: Officer, now: datetime, zone: str) -> TransitNotice:
    """A notice of an officer. Raises BadRequestData naming the field that does not do."""
    if draft.effect not in GRAVE:
        raise BadRequestData(f"The effect {draft.effect!r} is not known", field="effect")
    if not draft.headline.get("ja"):
        raise BadRequestData("A notice needs a headline", field="headline")
    for field, texts, longest in (("headline", draft.headline, LONGEST_HEADLINE), ("text", draft.text, LONGEST_TEXT)):
        if any(len(text) > longest for text in texts.values()):
            raise BadRequestData(f"The field {field!r} has more than {longest} characters", field=field)
    start, end = _local(draft.start, "start", zone), _local(draft.end, "end", zone)
    if end is not None and end <= max(start or now, now):
        raise BadRequestData("A notice must end after it begins, and not in the past", field="end")
    named = {name: key for name, key in (("route", draft.route), ("stop", draft.stop)) if key}
    span = {name: format_instant(at) for name, at in (("start", start or now), ("end", end)) if at is not None}
    return TransitNotice(
        name,
        _said(draft.headline),
        _said(draft.text),
        draft.effect,
        None,
        [named] if named else [],
        [span],
        state=TOLD,
        told_at=now,
        transitions=[step(by, now, TOLD, "")],
    )


def ended(one: TransitNotice, by: Officer, now: datetime, reason: str) -> TransitNotice:
    """A notice that an officer takes away; of an operator's too, which may have forgotten it. Raises Conflict."""
    if one.state != TOLD:
        raise Conflict("This notice has ended already", notice=one.id)
    return replace(one, state=ENDED, transitions=[*(one.transitions or []), step(by, now, ENDED, reason)])


def step(by: Officer, now: datetime, state: str, reason: str) -> dict[str, Any]:
    """What somebody did, as a row."""
    return dict(Step(who=by.who, role=by.role, at=format_instant(now), state=state, reason=reason))


def _said(texts: Mapping[str, str]) -> Words | None:
    return Words({language: text for language, text in texts.items() if text}) or None


def _local(text: str, field: str, zone: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise BadRequestData(f"The field {field!r} is no time", field=field) from None


_FIRST = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
_LAST = datetime.fromisoformat("9999-12-30T00:00:00+00:00")


def _spans(one: TransitNotice) -> list[tuple[datetime, datetime]]:
    return [
        (
            parse_instant(row["start"]) if "start" in row else _FIRST,
            parse_instant(row["end"]) if "end" in row else _LAST,
        )
        for row in one.spans or [{}]
    ]


def _gravity(one: TransitNotice) -> int:
    return GRAVE.index(one.effect) if one.effect in GRAVE else len(GRAVE)
