"""What was erased, what is kept and why, and what became of the copies? The account that is given of an erasure.

It names whom it is about and what went, in counts and times, and no value. Its digest is noted in the record of the
town, which is chained, so that an account that somebody shows can be held against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from machinami.foundation.instant import format_instant


@dataclass(frozen=True, slots=True)
class Erased:
    """What went of one type: how many entities, how many past values, from when to when they were.

    attribute: where only one attribute of them went.
    """

    type: str
    entities: int
    past: int = 0
    first: datetime | None = None
    last: datetime | None = None
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept all the same: on which ground, and until when (None: no date is set)."""

    what: str
    ground: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure.

    people: whom it is about; keys: how many keys were destroyed, keys_at: when; remaining: how many are still needed,
    as there is more about the same people; was_plain: values that had been written before they were sealed; apart:
    whether the keys lie outside of the data folder; is_done: whether all of it is brought to its end.
    """

    id: str
    at: datetime
    by: str
    reason: str
    people: tuple[str, ...]
    erased: tuple[Erased, ...] = ()
    kept: tuple[Kept, ...] = ()
    keys: int = 0
    keys_at: datetime | None = None
    remaining: int = 0
    was_plain: int = 0
    is_sealing: bool = True
    apart: bool = False
    is_done: bool = True


def copies(one: Erasure) -> list[dict[str, Any]]:
    """What can be read of it in every place where copies may be: exactly, and for how long."""
    sealed = one.is_sealing and not one.remaining
    log: dict[str, Any] = {"where": "log and outboxes", "readable": not sealed or one.was_plain > 0}
    backups: dict[str, Any] = {"where": "copies of the data folder made before"}
    backups["readable"] = log["readable"] or not one.apart
    if log["readable"]:
        log["until"] = "the log is trimmed (log_days), and its pages are written over"
    if backups["readable"]:
        backups["until"] = "these copies are destroyed"
        backups["because"] = _because(one)
    held = {"where": "state, history, indexes", "readable": False}
    return [held, log, backups]


def _because(one: Erasure) -> str:
    if not one.is_sealing:
        return "this town does not seal what is personal"
    if one.remaining:
        return "the keys are still needed for other data about the same people"
    if one.was_plain:
        return "some of it had been written before it was marked as personal"
    return "the keys lie in the data folder, so that such a copy holds them as well ([store] person_keys)"


def erasure_document(one: Erasure) -> dict[str, Any]:
    """The account, as JSON, with its digest."""
    document: dict[str, Any] = {
        "id": one.id,
        "at": format_instant(one.at),
        "by": one.by,
        "reason": one.reason,
        "people": list(one.people),
        "erased": [_erased(part) for part in one.erased],
        "kept": [_kept(part) for part in one.kept],
        "keys": {"destroyed": one.keys, "apart": one.apart, "stillNeeded": one.remaining},
        "copies": copies(one),
        "done": one.is_done,
    }
    if one.keys_at is not None:
        document["keys"]["at"] = format_instant(one.keys_at)
    return {**document, "digest": digest_of(document)}


def digest_of(document: Mapping[str, Any]) -> str:
    """The digest of an account: SHA-256 over its JSON with sorted keys, without the digest itself."""
    said = {name: value for name, value in document.items() if name != "digest"}
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _erased(part: Erased) -> dict[str, Any]:
    said: dict[str, Any] = {"type": part.type, "entities": part.entities, "past": part.past}
    if part.attribute:
        said["attribute"] = part.attribute
    if part.first is not None and part.last is not None:
        said |= {"first": format_instant(part.first), "last": format_instant(part.last)}
    return said


def _kept(part: Kept) -> dict[str, Any]:
    said: dict[str, Any] = {"what": part.what, "ground": part.ground}
    return said if part.until is None else {**said, "until": format_instant(part.until)}
