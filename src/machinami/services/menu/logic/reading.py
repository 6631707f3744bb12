"""What does the file of the menu say? TOML becomes rows; what is wrong in one is said with its id."""

import tomllib
from collections.abc import Mapping
from typing import Any

from machinami.foundation.errors import InputError
from machinami.model.view import Words
from machinami.services.menu.model import KINDS, TAGS, Menu, Part, Row


class MenuError(InputError):
    """A row of the menu is not well written."""


def read_menu(text: str) -> Menu:
    """The menu from the text of its file. Raises MenuError."""
    data = tomllib.loads(text)
    groups = {row["id"]: Words({"ja": row["ja"], "en": row["en"]}) for row in data["groups"]}
    rows = tuple(_row(row, groups) for row in data["rows"])
    if len({row.id for row in rows}) != len(rows):
        raise MenuError("Two rows of the menu have one id")
    return Menu(data["edition"], groups, rows)


def _row(row: Mapping[str, Any], groups: Mapping[str, Words]) -> Row:
    name = str(row.get("id", "?"))
    for key in ("id", "l1", "l2", "l3", "text", "tag", "source", "fields"):
        if not row.get(key):
            raise MenuError(f"The row {name} does not say {key}", row=name)
    if row["l1"] not in groups:
        raise MenuError(f"The row {name} is of the group {row['l1']}, which is none", row=name)
    if row["tag"] not in TAGS:
        raise MenuError(f"The row {name} has the tag {row['tag']!r}; it can be {', '.join(TAGS)}", row=name)
    parts = tuple(_part(part, name) for part in row.get("met", ()))
    lacks = Words(row["lacks"]) if "lacks" in row else None
    if lacks is None and not any(part.whole for part in parts):
        raise MenuError(f"The row {name} is met by nothing as a whole and does not say what it lacks", row=name)
    texts = [Words(row[key]) for key in ("l2", "l3", "text")]
    known = (row["tag"], Words(row["source"]), tuple(row["fields"]))
    return Row(name, row.get("no", ""), row["l1"], texts[0], texts[1], texts[2], *known, parts, lacks)


def _part(part: Mapping[str, Any], row: str) -> Part:
    if part["kind"] not in KINDS:
        raise MenuError(f"The row {row} is met by a {part['kind']!r}; it can be {', '.join(KINDS)}", row=row)
    return Part(part["kind"], part["ref"], Words({"ja": part["ja"], "en": part["en"]}), part.get("whole", False))
