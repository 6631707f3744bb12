"""Are the members of a document what they may be? Readers of single members, with the member at fault named (pure)."""

from collections.abc import Iterable, Mapping
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.urn import is_uri
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.fragments import wrong
from machinami.model.representation import NONE

Json = dict[str, Any]
_LARGEST = 1e9


def check_members(row: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise BadRequestData that names the members which mean nothing there."""
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise BadRequestData(
            f"{where} has unknown members: {', '.join(unknown)[:200]}; known are {', '.join(sorted(known))}",
            members=unknown,
        )


def required_object(document: Json, member: str, where: str = "") -> Json:
    """The object that a member is."""
    value = document.get(member)
    if not isinstance(value, dict):
        raise wrong(where + member, "must be an object {…}")
    return value


def listed(document: Json, member: str) -> list[Any]:
    """The list that a member is; empty without it."""
    if member not in document:
        return []
    value = document[member]
    if not isinstance(value, list) or not value:
        raise wrong(member, "must be a list that is not empty; leave it out instead")
    return value


def texts(document: Json, member: str) -> list[str]:
    """The list of texts that a member is; empty without it."""
    found = listed(document, member)
    if not all(isinstance(text, str) for text in found):
        raise wrong(member, "must be a list of texts")
    return found


def names(document: Json, member: str, context: Context) -> tuple[str, ...]:
    """The expanded names of a list of names."""
    return tuple(iri for name in texts(document, member) for iri in parse.parse_names(name, context, member))


def datasets(document: Json, member: str = "datasetId") -> tuple[str, ...] | None:
    """The datasetIds of a list, @none for the default instance (4.5.5); None without it."""
    found = tuple(texts(document, member))
    for name in found:
        if name != NONE and not is_uri(name):
            raise wrong(member, f"must be a list of URIs, or {NONE} for the default instance")
    return found or None


def number(document: Json, member: str, unit: str = "seconds", where: str = "") -> float | None:
    """The number above 0 that a member is; None without it."""
    value = document.get(member)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _LARGEST:
        raise wrong(where + member, f"must be a number of {unit} above 0")
    return float(value)


def flag(row: Json, member: str, default: bool) -> bool:
    """The truth value that a member is."""
    value = row.get(member, default)
    if not isinstance(value, bool):
        raise wrong(member, "must be true or false")
    return value


def text(row: Json, member: str) -> str | None:
    """The text that a member is; None without it."""
    return required_text(row, member) if member in row else None


def required_text(row: Json, member: str) -> str:
    """The text that a member is."""
    value = row.get(member)
    if not isinstance(value, str):
        raise wrong(member, "must be a text")
    return value
