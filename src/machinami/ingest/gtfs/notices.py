"""What do a feed's alerts say to riders, and which of them are no longer said?

A trip that a feed cancels is told as such a notice, too. A notice is told again from time to time while it stands, so
that one whose feed has fallen silent can be known by its age, whatever was stopped and started in between.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from machinami.foundation.instant import format_instant
from machinami.ingest.gtfs.parse.realtime import About, Message, Notice, Seen
from machinami.model.reading import Reading
from machinami.model.vocabulary.transit import TransitNotice, entity_id, key_of

CAUSES = (
    "", "unknownCause", "otherCause", "technicalProblem", "strike", "demonstration", "accident", "holiday", "weather",
    "maintenance", "construction", "policeActivity", "medicalEmergency",
)  # fmt: skip
EFFECTS = (
    "", "noService", "reducedService", "significantDelays", "detour", "additionalService", "modifiedService",
    "otherEffect", "unknownEffect", "stopMoved", "noEffect", "accessibilityIssue",
)  # fmt: skip
CANCELLED = 1
AGAIN = timedelta(minutes=10)
MOST = 500  # notices of one message
_FURTHEST = 1 << 33  # s since 1970: the year 2242
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


class Bulletin:
    """The notices of one address: what was told of them, and when."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._told: dict[str, tuple[Notice, datetime]] = {}

    def changes(self, message: Message, now: datetime) -> list[Reading]:
        """What a message says anew: notices that came, changed or have stood for a while; and those that are gone."""
        standing = {one.id: one for one in (*message.notices[:MOST], *map(_cancelled, _without(message.seen)))}
        found: list[Reading] = []
        for name, (old, _) in list(self._told.items()):
            if name not in standing:
                found += self._said(old, now, (("state", "ended", "Property"),))
                del self._told[name]
        for name, one in standing.items():
            old_one, at = self._told.get(name, (None, now))
            if old_one != one:
                found += self._said(one, now, tuple(self._whole(one, now, old_one is None)))
            elif now - at < AGAIN:
                continue
            else:
                found += self._said(one, now, (("reportedAt", format_instant(now), "Property"),))
            self._told[name] = (one, now)
        return found

    def _said(self, one: Notice, now: datetime, rows: Sequence[tuple[str, object, str]]) -> Iterator[Reading]:
        entity = entity_id(TransitNotice.TYPE, self._feed, one.id)
        for attribute, value, kind in rows:
            yield Reading(entity, TransitNotice.TYPE, attribute, value, now, None, kind)

    def _whole(self, one: Notice, now: datetime, is_new: bool) -> Iterator[tuple[str, object, str]]:
        for attribute, texts in (("headline", one.header), ("text", one.text)):
            if said := {_language(name): text for name, text in texts.items() if text}:
                yield attribute, said, "LanguageProperty"
        yield "effect", _named(EFFECTS, one.effect, "unknownEffect"), "Property"
        yield "cause", _named(CAUSES, one.cause, "unknownCause"), "Property"
        yield "about", [self._row(about) for about in one.about or (About(),)], "JsonProperty"
        yield "spans", [_span(*span) for span in one.spans], "JsonProperty"
        if one.web.startswith(("https://", "http://")):
            yield "web", one.web, "Property"
        if is_new:
            yield "toldAt", format_instant(now), "Property"
        yield "state", "told", "Property"
        yield "reportedAt", format_instant(now), "Property"

    def _row(self, one: About) -> dict[str, str]:
        row = {"feed": self._feed}
        if one.route:
            row["route"] = key_of(entity_id("GtfsRoute", self._feed, one.route))
        if one.stop:
            row["stop"] = key_of(entity_id("GtfsStop", self._feed, one.stop))
        if one.trip:
            row["trip"] = one.trip
        if len(one.start_date) == 8 and one.start_date.isdigit():
            row["day"] = f"{one.start_date[:4]}-{one.start_date[4:6]}-{one.start_date[6:]}"
        return row


def _without(seen: Sequence[Seen]) -> list[Seen]:
    return [one for one in seen if one.cancelled and one.trip][:MOST]


def _cancelled(one: Seen) -> Notice:
    about = (About(trip=one.trip, start_date=one.start_date),)
    return Notice(f"trip-{one.trip}-{one.start_date}", {}, {}, (), about, 1, CANCELLED, "")


def _named(names: Sequence[str], number: int, otherwise: str) -> str:
    return names[number] if 0 < number < len(names) else otherwise


def _language(name: str) -> str:
    """A language by its tag; what is none, or not said, is undetermined."""
    return name if _LANGUAGE.fullmatch(name) else "und"


def _span(start: int | None, end: int | None) -> dict[str, str]:
    said = (("start", start), ("end", end))
    return {name: format_instant(datetime.fromtimestamp(at, UTC)) for name, at in said if at and at < _FURTHEST}
