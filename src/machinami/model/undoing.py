"""How is a change of views kept so that it can be told later, and taken back?

A log holds for each entity what its view said before and after, as JSON: {id: row or None}.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from types import UnionType
from typing import Any, get_args, get_type_hints

from machinami.foundation.errors import Conflict
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.view import Ref, View, Words

Rows = Mapping[str, Any]
Kinds = Mapping[str, type[Any]]


def written(view: View | None) -> dict[str, Any] | None:
    """A view as a row of a log; None for what was not there. Views of measured values and places are not kept so."""
    if view is None:
        return None
    row: dict[str, Any] = {"type": view.TYPE}
    for field in fields(view):  # type: ignore[arg-type]  # every view is a dataclass, which a Protocol cannot say
        value = getattr(view, field.name)
        if value is not None and field.name != "id":
            row[field.name] = format_instant(value) if isinstance(value, datetime) else value
    return row


def read(kinds: Kinds, entity_id: str, row: Rows) -> Any:
    """The view that a row of the log says. kinds: the views by their type; what a view does not know any more is left
    out."""
    kind = kinds[str(row["type"])]
    said: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        if name in row and name != "id":
            said[name] = _typed(row[name], hint)
    return kind(id=entity_id, **said)


def _typed(value: Any, hint: Any) -> Any:
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if datetime in options:
        return parse_instant(value)
    if Words in options:
        return Words(value)
    return Ref(value) if Ref in options else value


def restored(before: Rows, after: Rows, now: Mapping[str, View], kinds: Kinds) -> list[tuple[View, Any]]:
    """Of each entity that a change was of, how it stands now and how it stood before (None: it was not there yet).
    Raises Conflict where one has changed since."""
    found: list[tuple[View, Any]] = []
    for entity_id, left in after.items():
        view = now.get(entity_id)
        if view is None or written(view) != left:
            raise Conflict("This has changed since; undo the later change first", entity=entity_id)
        row = before.get(entity_id)
        found.append((view, None if row is None else read(kinds, entity_id, row)))
    return found


def logged(views: Sequence[View], before: Mapping[str, View]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a log keeps of a change that leaves these views: the rows before, and those after."""
    return {one.id: written(before.get(one.id)) for one in views}, {one.id: written(one) for one in views}
