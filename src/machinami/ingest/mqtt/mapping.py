"""What does the town's mapping say about MQTT topics: which attribute of which entity is in which message?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from machinami.foundation.table import Table
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
    top = Table(document, "the MQTT mapping", "at the top")
    rows = top.rows("topic", "[[topic]]", "topic", "write a [[topic]] for each kind of message")
    return tuple(_topic(row) for row in rows)


def _topic(table: Table) -> TopicRule:
    pattern = table.text("pattern")
    table = table.at(f"{table.where} ({pattern})")
    table.only("pattern format entity type each fields time clock value".split())
    levels, names = _levels(table, pattern)
    form = table.choice("format", FORMATS, "json")
    said = table.said.get("fields", {})
    if not isinstance(said, Mapping):
        raise table.wrong("fields", "must be a table of names and paths")
    fields = tuple((name, _path(table, f"fields.{name}", path)) for name, path in said.items())
    entity = table.text("entity")
    _check_template(table, entity, {name for _, name in names} | {name for name, _ in fields})
    values = table.rows(
        "value", "[[topic.value]]", f"{table.where}, value", "write a [[topic.value]] for each attribute"
    )
    rules = tuple(_value(value, form) for value in values)
    if form in ("number", "text") and (len(rules) > 1 or fields or "time" in table or "each" in table):
        raise table.wrong("format", f"{form!r} holds one value and nothing else: no fields, time or each")
    each, time = (_path(table, key, table.said[key]) if key in table else () for key in ("each", "time"))
    clock = table.choice("clock", CLOCKS, "iso")
    return TopicRule(pattern, levels, names, form, entity, table.text("type"), rules, each, fields, time, clock)


def _value(table: Table, form: str) -> ValueRule:
    table.only("path attribute unit factor offset kind required".split())
    whole = form in ("number", "text")
    if whole == ("path" in table):
        raise table.wrong("path", f"has no meaning with format {form!r}" if whole else "is missing")
    return ValueRule(
        path=() if whole else _path(table, "path", table.said["path"]),
        attribute=table.text("attribute"),
        unit=table.text("unit") if "unit" in table else None,
        factor=table.number("factor", 1.0) if "factor" in table else None,
        offset=table.number("offset", 0.0),
        kind=table.choice("kind", [kind.value for kind in Kind], "Property"),
        required=table.flag("required", True),
    )


def _levels(table: Table, pattern: str) -> tuple[tuple[str | None, ...], tuple[tuple[int, str], ...]]:
    levels: list[str | None] = []
    names: list[tuple[int, str]] = []
    for place, level in enumerate(pattern.split("/")):
        if part := _PART.match(level):
            names.append((place, part[1]))
        elif level != "+" and any(mark in level for mark in "+#{}\0"):
            raise table.wrong("pattern", f"has the level {level!r}; write plain text, + or {{name}}")
        levels.append(None if part or level == "+" else level)
    if len({name for _, name in names}) < len(names):
        raise table.wrong("pattern", "names two levels alike")
    return tuple(levels), tuple(names)


def _check_template(table: Table, entity: str, known: set[str]) -> None:
    try:
        used = {name for _, name, _, _ in Formatter().parse(entity) if name is not None}
    except ValueError as fault:
        raise table.wrong("entity", f"cannot be read: {fault}") from fault
    if unknown := sorted(used - known):
        raise table.wrong("entity", f"uses {{{unknown[0]}}}, which is no part of the pattern and no field")


def _path(table: Table, key: str, text: object) -> Path:
    """Return a path such as ``data.levels[0].mm`` as its steps."""
    steps = _STEP.findall(text) if isinstance(text, str) else []
    written = "".join(step if step.startswith("[") else f".{step}" for step in steps).removeprefix(".")
    if not steps or written != text:
        raise table.wrong(key, f"must be a path such as data.levels[0].mm, not {text!r}")
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in steps)
