"""Which readings are in an MQTT message?"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from machinami.foundation.errors import InputError, MachinamiError
from machinami.foundation.instant import parse_instant
from machinami.foundation.urn import is_uri
from machinami.ingest.mqtt.mapping import Path, TopicRule, ValueRule
from machinami.model.reading import Reading

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_MISSING = object()
_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message. ``arrived`` is when it reached us; ``retained`` if the broker had kept it from
    earlier."""

    topic: str
    payload: bytes
    arrived: datetime
    retained: bool = False


class UnreadableMessage(InputError):
    """An MQTT message cannot be read."""


def parse(rules: Sequence[TopicRule], message: Message) -> list[Reading]:
    """Return the readings of a message by the first rule that its topic fits.

    A retained message without a time of its own gives none: nobody can say how old it is. Raises
    UnreadableMessage, whose facts are the topic, the byte offset at fault where it is known, and the reason.
    """
    for rule in rules:
        parts = rule.parts(message.topic)
        if parts is not None:
            break
    else:
        _unreadable(message, None, "no topic of the mapping fits")
    if message.retained and not rule.time:
        return []
    return [reading for record in _records(rule, message) for reading in _readings(rule, parts, record, message)]


def _unreadable(message: Message, offset: int | None, reason: str) -> NoReturn:
    at = "" if offset is None else f", byte {offset}"
    raise UnreadableMessage(
        f"The message on {message.topic!r}{at} cannot be read: {reason}",
        topic=message.topic,
        offset=offset,
        reason=reason,
    )


def _records(rule: TopicRule, message: Message) -> Iterator[Any]:
    """Yield what the message says, one record for each set of values."""
    try:
        text = message.payload.decode("utf-8")
    except UnicodeDecodeError as fault:
        _unreadable(message, fault.start, "it is not UTF-8")
    if rule.format == "ultralight":
        yield from _ultralight(text, bool(rule.time), message)
    elif rule.format == "number":
        yield _number(text, message)
    elif rule.format == "text":
        yield text
    else:
        document = _json(text, message)
        chosen = _at(document, rule.each)
        if rule.each and not isinstance(chosen, list):
            _unreadable(message, None, f"{_shown(rule.each)} is not a list")
        yield from chosen if isinstance(chosen, list) and rule.each else [document]


def _json(text: str, message: Message) -> Any:
    def refuse(constant: str) -> NoReturn:
        _unreadable(message, text.find(constant), f"{constant} is not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as fault:
        _unreadable(message, len(text[: fault.pos].encode()), f"it is not JSON: {fault.msg}")
    except (RecursionError, ValueError):
        _unreadable(message, None, "it is nested too deeply or holds a number too long")


def _number(text: str, message: Message) -> float:
    bare = text.strip()
    found = _NUMBER.match(bare)
    if found is None or found.end() < len(bare):
        lead = len(text) - len(text.lstrip())
        _unreadable(message, len(text[: lead + (found.end() if found else 0)].encode()), "a number is expected")
    return float(bare)


def _ultralight(text: str, timed: bool, message: Message) -> list[dict[str, Any]]:
    """Return the records of ``key|value|key|value#...``; an odd field in front is the record's time (``time``)."""
    offset = 0
    records: list[dict[str, Any]] = []
    for group in text.split("#"):
        fields = group.split("|")
        record: dict[str, Any] = {}
        if len(fields) % 2:
            if not timed or len(fields) == 1:
                _unreadable(message, offset, "a key without a value; write key|value|key|value")
            record["time"] = fields.pop(0)
        for key, value in zip(fields[::2], fields[1::2], strict=True):
            if not key:
                _unreadable(message, offset, "a value without a key; write key|value|key|value")
            record[key.strip()] = _plain(value.strip())
        records.append(record)
        offset += len(group.encode()) + 1
    return records


def _plain(text: str) -> float | str:
    return float(text) if _NUMBER.fullmatch(text) else text


def _at(document: Any, path: Path) -> Any:
    """Return what stands at a path, or _MISSING."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(document, list) or step >= len(document):
                return _MISSING
        elif not isinstance(document, dict) or step not in document:
            return _MISSING
        document = document[step]
    return document


def _readings(rule: TopicRule, parts: dict[str, str], record: Any, message: Message) -> Iterator[Reading]:
    entity = _entity(rule, parts, record, message)
    observed = _observed(rule, record, message)
    for value in rule.values:
        said = _at(record, value.path)
        if said is _MISSING or said is None:
            if value.required:
                _unreadable(message, None, f"{_shown(value.path)} is missing")
            continue
        converted = _converted(value, said, message)
        yield Reading(entity, rule.entity_type, value.attribute, converted, observed, value.unit, value.kind)


def _entity(rule: TopicRule, parts: dict[str, str], record: Any, message: Message) -> str:
    known = dict(parts)
    for name, path in rule.fields:
        said = _at(record, path)
        if isinstance(said, bool) or not isinstance(said, str | int | float):
            _unreadable(message, None, f"{_shown(path)}, which names the entity, is missing or no text")
        known[name] = f"{said:g}" if isinstance(said, float) else str(said)
    entity = rule.entity.format(**known)
    if not is_uri(entity):
        _unreadable(message, None, f"{entity!r} is not a URI and cannot name an entity")
    return entity


def _observed(rule: TopicRule, record: Any, message: Message) -> datetime:
    if not rule.time:
        return message.arrived
    said = _at(record, rule.time)
    if said is _MISSING:
        _unreadable(message, None, f"{_shown(rule.time)}, the time, is missing")
    try:
        if rule.clock == "iso":
            return parse_instant(said, _shown(rule.time))
        seconds = float(said) / (1000.0 if rule.clock == "milliseconds" else 1.0)
        return datetime.fromtimestamp(seconds, UTC)
    except MachinamiError as fault:
        _unreadable(message, None, fault.detail)
    except (TypeError, ValueError, OverflowError, OSError):
        _unreadable(message, None, f"{_excerpt(said)} at {_shown(rule.time)} is no time in {rule.clock} since 1970")


def _converted(rule: ValueRule, said: Any, message: Message) -> object:
    """Return the value in the rule's unit; a quantity with a unit or a factor must be a finite number."""
    if rule.unit is None and rule.factor is None and rule.offset == 0.0:
        return said
    if isinstance(said, str) and _NUMBER.fullmatch(said.strip()):
        said = float(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        _unreadable(message, None, f"{_excerpt(said)} at {_shown(rule.path)} is not a number")
    if rule.factor is None and rule.offset == 0.0:
        return said
    return round(said * (1.0 if rule.factor is None else rule.factor) + rule.offset, 9)


def _shown(path: Path) -> str:
    shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return shown.removeprefix(".") or "the payload"


def _excerpt(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"
