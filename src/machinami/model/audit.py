"""Who did what with the town's data? Entries in batches, each sealed with what came before it.

A batch holds the digest of the batch before it, so that none can be changed, left out or put elsewhere without all
later digests being wrong. That the last ones are still there is seen by a head that was kept apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Self

import orjson

from machinami.foundation.instant import format_instant
from machinami.model.change import Change, Verb
from machinami.model.policy import Deed
from machinami.model.principal import SEPARATOR
from machinami.model.renewal import Renewal, changed_names

Entry = dict[str, Any]
Batch = Mapping[str, Any]
BEGIN = "0" * 64
_DEEDS = {Verb.CREATED: Deed.CREATE.value, Verb.UPDATED: Deed.CHANGE.value, Verb.DELETED: Deed.DELETE.value}


@dataclass(frozen=True, slots=True)
class Head:
    """How far a record goes: the number and the digest of its last batch. Kept apart, it shows what is missing."""

    number: int = 0
    digest: str = BEGIN

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


def entry(at: datetime, signature: str, deed: str, **more: Any) -> Entry:
    """One entry: when, who (and for whom, for what purpose), what. What is empty is left out."""
    who, behalf, purpose = _parts(signature)
    said = {"at": format_instant(at), "who": who, "for": behalf, "purpose": purpose, "did": str(deed), **more}
    return {name: value for name, value in said.items() if value not in (None, "", (), [])}


def entry_of(change: Change) -> bytes:
    """The entry of a change, as JSON: many are made, and each is looked at rarely. So it is put together of what is the
    same in many."""
    changes = change.attributes
    begin, end = _around(change.by, change.verb)
    return b'{"at":%b%b%b,"types":%b,"attributes":%b,"seq":%d%b' % (
        orjson.dumps(change.at, option=orjson.OPT_UTC_Z),
        begin,
        orjson.dumps(change.entity_id),
        orjson.dumps(change.types),
        changes.plain.shape.told if type(changes) is Renewal else orjson.dumps([*changed_names(changes)]),
        change.seq,
        end,
    )


@lru_cache(1_024)
def _around(signature: str, verb: Verb) -> tuple[bytes, bytes]:
    """What stands before and after what is said of an entity."""
    who, behalf, purpose = _parts(signature)
    begin = orjson.dumps({"who": who, "did": _DEEDS[verb]})
    end = orjson.dumps({name: text for name, text in (("for", behalf), ("purpose", purpose)) if text})
    return b"," + begin[1:-1] + b',"entity":', b"," + end[1:] if len(end) > len(b"{}") else end[1:]


@lru_cache(1_024)
def _parts(signature: str) -> tuple[str, str, str]:
    """Who, for whom and for what purpose, as a signature says it."""
    who, behalf, purpose = (*signature.split(SEPARATOR), "", "")[:3]
    return who, behalf, purpose


def sealed(entries: Iterable[bytes | Entry], before: Head) -> dict[str, Any]:
    """The batch that follows a head. Its entries are kept as the text of a JSON array, which is what was digested."""
    rows = [one if isinstance(one, bytes) else orjson.dumps(one) for one in entries]
    text = b"[" + b",".join(rows) + b"]"
    number = before.number + 1
    batch = {"number": number, "before": before.digest, "entries": text.decode()}
    return {**batch, "digest": _digest(number, before.digest, text)}


def digest(batch: Batch) -> str:
    """What a batch comes to, with all before it."""
    entries = batch["entries"]
    text = entries.encode() if isinstance(entries, str) else orjson.dumps(entries)
    return _digest(batch["number"], batch["before"], text)


def _digest(number: object, before: object, text: bytes) -> str:
    said = sha256(f"{number}\n{before}\n".encode())
    said.update(text)
    return said.hexdigest()


def entries_of(batch: Batch) -> list[Entry]:
    """The entries of a batch."""
    found: list[Entry] = orjson.loads(batch["entries"])
    return found


def opened(batch: Batch) -> dict[str, Any]:
    """The batch with its entries as JSON, as it is exported; its digest is the same."""
    return {**batch, "entries": entries_of(batch)}


class Fault(str):
    """A sentence about something that is wrong, with what it is made of, so that it can be said in other languages."""

    kind: str
    facts: Mapping[str, int]

    @classmethod
    def of(cls, kind: str, **facts: int) -> Self:
        """The fault of a kind, as a row of the table says it."""
        found = cls(FAULTS[kind].format(**facts))
        found.kind, found.facts = kind, facts
        return found


FAULTS: Mapping[str, str] = {
    "no_batch": "what follows batch {last} is no batch",
    "missing": "batch {number} follows batch {last}: some are missing, or moved",
    "exchanged": "batch {number} does not follow from batch {last}: one of them was exchanged",
    "changed": "batch {number} was changed",
    "not_kept": "batch {number} is not the one whose digest was kept apart",
    "cut": "the record ends at batch {last}, and was at batch {number} when its head was kept",
    "short": "the record ends at batch {last}, and its head is at batch {number}",
}


class Chain:
    """A record that is followed batch by batch, and every fault that shows that it is not what was written.

    kept: a head that was kept apart, at which the record must have been.
    """

    def __init__(self, kept: Head | None = None) -> None:
        self.head = Head()
        self.found: list[Fault] = []
        self._kept = kept
        self._met = kept is None or kept == Head()

    def follow(self, batch: Batch) -> None:
        """Take the next batch."""
        head = self.head
        try:
            number, before, said = int(batch["number"]), str(batch["before"]), str(batch["digest"])
            right = digest(batch)
        except (KeyError, TypeError, ValueError):
            self.found.append(Fault.of("no_batch", last=head.number))
            return
        if number != head.number + 1:
            self.found.append(Fault.of("missing", number=number, last=head.number))
        elif before != head.digest:
            self.found.append(Fault.of("exchanged", number=number, last=head.number))
        if right != said:
            self.found.append(Fault.of("changed", number=number))
        self.head = Head(number, said)
        if self._kept is not None and number == self._kept.number:
            self._met = True
            if said != self._kept.digest:
                self.found.append(Fault.of("not_kept", number=number))

    def faults(self) -> list[Fault]:
        """Sentences about all that is wrong, after the last batch; none if all is well."""
        if self._met or self._kept is None:
            return self.found
        return [*self.found, Fault.of("cut", last=self.head.number, number=self._kept.number)]


def faults(batches: Iterable[Batch], kept: Head | None = None) -> list[Fault]:
    """What `Chain` finds in a whole record."""
    chain = Chain(kept)
    for batch in batches:
        chain.follow(batch)
    return chain.faults()


def read_head(text: str) -> Head:
    """Back from `str(head)`. Raises ValueError."""
    number, colon, said = text.strip().partition(":")
    if not colon or len(said) != len(BEGIN):
        raise ValueError("a head is a number, a colon and 64 letters, as `machinami audit head` says it")
    return Head(int(number), said)
