"""What does the town's mapping say about MQTT topics: which attribute of which entity is in which message?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from machinami.foundation.errors import SettingsError
from machinami.model.attribute import Kind

FORMATS = ("json", "number", "text", "ultralight")
CLOCKS = ("iso", "seconds", "milliseconds")
_PART = re.compile(r"\{([a-z][a-z0-9_]*)\}\Z")
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ValueRule:
    """One attribute in a message: where its value stands, and how it becomes a reading.

    The reading's value is ``factor`` times what was sent, plus ``offset``, in ``unit`` (UN/CEFACT code).
    ``kind`` is the NGSI-LD attribute type.
    """

    path: Path
    attribute: str
    unit: str | None = None
    factor: float | None = None
    offset: float = 0.0
    kind: str = "Property"
    required: bool = True


@dataclass(frozen=True, slots=True)
class TopicRule:
    """How messages on the topics of one pattern are read.

    ``levels`` are the pattern's levels: text to be met, or None where anything may stand; ``names`` says
    which levels are named parts. ``entity`` is a template over the named parts and ``fields`` of the
    payload. ``time`` is where the message says when it was observed; without it the time of arrival counts.
    """

    pattern: str
    levels: tuple[str | None, ...]
    names: tuple[tuple[int, str], ...]
    format: str
    entity: str
    entity_type: str
    values: tuple[ValueRule, ...]
    each: Path = ()
    fields: tuple[tuple[str, Path], ...] = ()
    time: Path = ()
    clock: str = "iso"

    @property
    def topic_filter(self) -> str:
        """The MQTT topic filter that covers the pattern."""
        return "/".join("+" if level is None else level for level in self.levels)

    def parts(self, topic: str) -> dict[str, str] | None:
        """Return the named parts of a topic, or None where the topic does not fit the pattern."""
        found = topic.split("/")
        if len(found) != len(self.levels):
            return None
        if any(level is not None and level != said for level, said in zip(self.levels, found, strict=True)):
            return None
        return {name: found[place] for place, name in self.names}


def read_mapping(document: Mapping[str, Any]) -> tuple[TopicRule, ...]:
    """Return the rules of a mapping document (the parsed TOML of a mapping file).

    Raises SettingsError that names the topic and the key at fault.
    """
    tables = document.get("topic")
    if not isinstance(tables, list) or not tables:
        raise SettingsError("The mapping has no [[topic]]; write one for each kind of message", key="topic")
    return tuple(_topic(table, f"topic {number}") for number, table in enumerate(tables, 1))


def _topic(table: object, where: str) -> TopicRule:
    if not isinstance(table, Mapping):
        raise _wrong(where, "topic", "must be a table, written [[topic]]")
    pattern = _text(table, "pattern", where)
    where = f"{where} ({pattern})"
    _known(table, where, "pattern format entity type each fields time clock value".split())
    levels, names = _levels(pattern, where)
    form = _choice(table, "format", FORMATS, "json", where)
    said = table.get("fields", {})
    if not isinstance(said, Mapping):
        raise _wrong(where, "fields", "must be a table of names and paths")
    fields = tuple((name, _path(path, f"fields.{name}", where)) for name, path in said.items())
    entity = _text(table, "entity", where)
    _check_template(entity, {name for _, name in names} | {name for name, _ in fields}, where)
    values = table.get("value")
    if not isinstance(values, list) or not values:
        raise _wrong(where, "value", "is missing; write a [[topic.value]] for each attribute")
    rules = tuple(_value(value, form, f"{where}, value {number}") for number, value in enumerate(values, 1))
    if form in ("number", "text") and (len(rules) > 1 or fields or "time" in table or "each" in table):
        raise _wrong(where, "format", f"{form!r} holds one value and nothing else: no fields, time or each")
    return TopicRule(
        pattern, levels, names, form, entity, _text(table, "type", where), rules,
        _path(table["each"], "each", where) if "each" in table else (), fields,
        _path(table["time"], "time", where) if "time" in table else (),
        _choice(table, "clock", CLOCKS, "iso", where),
    )  # fmt: skip


def _value(table: object, form: str, where: str) -> ValueRule:
    if not isinstance(table, Mapping):
        raise _wrong(where, "value", "must be a table, written [[topic.value]]")
    _known(table, where, "path attribute unit factor offset kind required".split())
    whole = form in ("number", "text")
    if whole == ("path" in table):
        raise _wrong(where, "path", f"has no meaning with format {form!r}" if whole else "is missing")
    factor, offset = table.get("factor"), table.get("offset", 0.0)
    for key, number in (("factor", 1.0 if factor is None else factor), ("offset", offset)):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _wrong(where, key, f"must be a number, not {number!r}")
    unit = _text(table, "unit", where) if "unit" in table else None
    return ValueRule(
        () if whole else _path(table["path"], "path", where),
        _text(table, "attribute", where), unit, factor, float(offset),
        _choice(table, "kind", [kind.value for kind in Kind], "Property", where), bool(table.get("required", True)),
    )  # fmt: skip


def _levels(pattern: str, where: str) -> tuple[tuple[str | None, ...], tuple[tuple[int, str], ...]]:
    levels: list[str | None] = []
    names: list[tuple[int, str]] = []
    for place, level in enumerate(pattern.split("/")):
        if part := _PART.match(level):
            names.append((place, part[1]))
        elif level != "+" and any(mark in level for mark in "+#{}\0"):
            raise _wrong(where, "pattern", f"has the level {level!r}; write plain text, + or {{name}}")
        levels.append(None if part or level == "+" else level)
    if len({name for _, name in names}) < len(names):
        raise _wrong(where, "pattern", "names two levels alike")
    return tuple(levels), tuple(names)


def _check_template(entity: str, known: set[str], where: str) -> None:
    try:
        used = {name for _, name, _, _ in Formatter().parse(entity) if name is not None}
    except ValueError as fault:
        raise _wrong(where, "entity", f"cannot be read: {fault}") from fault
    if unknown := sorted(used - known):
        raise _wrong(where, "entity", f"uses {{{unknown[0]}}}, which is no part of the pattern and no field")


def _path(text: object, key: str, where: str) -> Path:
    """Return a path such as ``data.levels[0].mm`` as its steps."""
    steps = _STEP.findall(text) if isinstance(text, str) else []
    written = "".join(step if step.startswith("[") else f".{step}" for step in steps).removeprefix(".")
    if not steps or written != text:
        raise _wrong(where, key, f"must be a path such as data.levels[0].mm, not {text!r}")
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in steps)


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(where, key, "is missing" if value is None else f"must be text, not {value!r}")
    return value


def _choice(table: Mapping[str, Any], key: str, allowed: Sequence[str], default: str, where: str) -> str:
    value = table.get(key, default)
    if value not in allowed:
        raise _wrong(where, key, f"must be one of {', '.join(allowed)}, not {value!r}")
    return str(value)


def _known(table: Mapping[str, Any], where: str, keys: Sequence[str]) -> None:
    if unknown := [key for key in table if key not in keys]:
        raise _wrong(where, unknown[0], f"is not known; known are {', '.join(keys)}")


def _wrong(where: str, key: str, what: str) -> SettingsError:
    return SettingsError(f"In the MQTT mapping, {where}: {key} {what}", where=where, key=key)
