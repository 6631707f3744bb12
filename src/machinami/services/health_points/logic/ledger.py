"""What becomes of points? An append-only double-entry journal a person: issued, held, redeemed, released, expired.

Each entry moves points between accounts, debit and credit alike: `issued` (the town's promise, a debit account),
`points` (what the person may use, by lots that expire), `held` (set aside for a voucher), `redeemed`, `expired`.
The oldest lot goes first (FIFO by expiry). Each command carries an idempotency key; a key that is known gives the
entry of its first time and moves nothing. `decide` says which entry a command makes, `Journal.add` keeps it: a
store that does both in one transaction loses and doubles nothing, wherever it is cut off.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from machinami.foundation.errors import Conflict
from machinami.services.health_points.model import EntryKind

ISSUED, POINTS, HELD, REDEEMED, EXPIRED = "issued", "points", "held", "redeemed", "expired"
DEBIT_ACCOUNTS = frozenset({ISSUED})
"""Accounts whose balance is debit less credit; all others are credit less debit. No balance is ever negative."""
MOVES: Mapping[EntryKind, tuple[str, str]] = {  # kind -> (debited, credited)
    "issue": (ISSUED, POINTS),
    "hold": (POINTS, HELD),
    "capture": (HELD, REDEEMED),
    "release": (HELD, POINTS),
    "expire": (POINTS, EXPIRED),
    "reverse": (POINTS, ISSUED),
    "refund": (REDEEMED, POINTS),
}
START = "0" * 16
WITHDRAWN = "withdrawn"


class NotEnough(Conflict):
    """There are not enough points."""


class KeyReused(Conflict):
    """This idempotency key was used for something else."""


class NotHeld(Conflict):
    """Nothing is held under this name any more."""


class Leg(NamedTuple):
    """One line of an entry: an account, the lot it is about, and what is debited or credited (one of them is 0)."""

    account: str
    lot: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked of a journal. `about` names what it is for: the day that earned, or the voucher.

    amount: points; of capture, release and refund it is what the voucher holds, and is not said. expires: of issue.
    """

    kind: EntryKind
    key: str
    about: str
    on: date
    amount: int = 0
    expires: date | None = None
    partner: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as it is kept for good; `digest` seals it and all before it."""

    number: int
    key: str
    kind: EntryKind
    about: str
    on: date
    legs: tuple[Leg, ...]
    partner: str = ""
    expires: date | None = None
    digest: str = START

    @property
    def amount(self) -> int:
        """The points that it moves."""
        return sum(leg.debit for leg in self.legs)


@dataclass(slots=True)
class Lot:
    """Points that were issued together and expire together: what can be used, and for which day they are."""

    name: str
    expires: date
    about: str
    left: int = 0


@dataclass(slots=True)
class Journal:
    """One person's journal as it stands: balances, lots with points left, what vouchers hold, keys already used."""

    count: int = 0
    digest: str = START
    balances: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((ISSUED, POINTS, HELD, REDEEMED, EXPIRED), 0)
    )
    lots: dict[str, Lot] = field(default_factory=dict)
    holds: dict[str, list[Leg]] = field(default_factory=dict)
    spent: dict[str, list[Leg]] = field(default_factory=dict)
    earned: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Keep an entry that `decide` made for this journal as it stands."""
        for leg in entry.legs:
            self.balances[leg.account] += (leg.debit - leg.credit) * (1 if leg.account in DEBIT_ACCOUNTS else -1)
            if leg.account == POINTS:
                self._move_lot(leg)
        if entry.kind in ("hold", "refund", "capture", "release"):
            self._move_voucher(entry)
        if entry.kind in ("issue", "reverse"):
            sign = 1 if entry.kind == "issue" else -1
            self.earned[entry.about] = self.earned.get(entry.about, 0) + sign * entry.amount
        self.keys[entry.key] = _meaning(entry.kind, entry.about)
        self.count, self.digest = entry.number, entry.digest

    def _move_lot(self, leg: Leg) -> None:
        lot = self.lots.get(leg.lot)
        if lot is None:
            lot = self.lots[leg.lot] = Lot(leg.lot, _lot_expiry(leg.lot), _lot_about(leg.lot))
        lot.left += leg.credit - leg.debit
        if lot.left == 0:
            del self.lots[leg.lot]

    def _move_voucher(self, entry: Entry) -> None:
        if entry.kind == "hold":
            self.holds[entry.about] = [leg for leg in entry.legs if leg.account == HELD]
        elif entry.kind == "capture":
            self.spent[entry.about] = self.holds.pop(entry.about)
        elif entry.kind == "release":
            del self.holds[entry.about]
        else:
            del self.spent[entry.about]

    def usable(self, on: date) -> int:
        """The points that may be used on a day: those of lots that have not run out by then."""
        return sum(lot.left for lot in self.lots.values() if lot.expires >= on)


def decide(journal: Journal, command: Command) -> Entry | None:
    """The entry that a command makes of the journal as it stands; None where it moves nothing (its key is known, or
    there is nothing left to move). Raises NotEnough, NotHeld or KeyReused."""
    known = journal.keys.get(command.key)
    if known is not None:
        if known != _meaning(command.kind, command.about):
            raise KeyReused(f"The key {command.key!r} was used for another booking", key=command.key)
        return None
    moves = _MOVERS[command.kind](journal, command)
    if not moves:
        return None
    debited, credited = MOVES[command.kind]
    legs = [Leg(debited, lot, points, 0) for lot, points in moves]
    legs += [Leg(credited, lot, 0, points) for lot, points in moves]
    return sealed(
        Entry(
            journal.count + 1,
            command.key,
            command.kind,
            command.about,
            command.on,
            tuple(legs),
            command.partner,
            command.expires,
        ),
        journal.digest,
    )


Moves = list[tuple[str, int]]


def _issue(journal: Journal, command: Command) -> Moves:
    if command.amount <= 0:
        return []
    if command.expires is None or command.expires < command.on:
        raise Conflict("Points are issued with a day of expiry that is not past", key=command.key)
    return [(f"{command.expires.isoformat()}#{journal.count + 1:08d}#{command.about}", command.amount)]


def _hold(journal: Journal, command: Command) -> Moves:
    if command.amount <= 0:
        raise Conflict("A voucher holds one point or more", key=command.key)
    if command.about in journal.holds or command.about in journal.spent:
        raise Conflict(f"The voucher {command.about} is there already", voucher=command.about)
    usable = journal.usable(command.on)
    if usable < command.amount:
        raise NotEnough(
            f"{command.amount} points are needed and {usable} can be used", needed=command.amount, left=usable
        )
    moves, needed = [], command.amount
    for lot in sorted(journal.lots.values(), key=lambda one: one.name):  # a lot's name begins with its expiry: FIFO
        if lot.expires >= command.on and needed:
            taken = min(lot.left, needed)
            moves.append((lot.name, taken))
            needed -= taken
    return moves


def _held(journal: Journal, command: Command) -> Moves:
    legs = journal.holds.get(command.about)
    if legs is None:
        raise NotHeld(f"Nothing is held for the voucher {command.about} any more", voucher=command.about)
    return [(leg.lot, leg.credit) for leg in legs]


def _refund(journal: Journal, command: Command) -> Moves:
    legs = journal.spent.get(command.about)
    if legs is None:
        raise NotHeld(f"The voucher {command.about} was not used", voucher=command.about)
    return [(leg.lot, leg.credit) for leg in legs]


def _expire(journal: Journal, command: Command) -> Moves:
    """What has run out by this day; all that is left where the person has left (WITHDRAWN)."""
    lots = sorted(journal.lots.values(), key=lambda one: one.name)
    return [(lot.name, lot.left) for lot in lots if lot.expires < command.on or command.about == WITHDRAWN]


def _reverse(journal: Journal, command: Command) -> Moves:
    """Take back what a day earned as far as it is still there: what was spent in good faith is not asked back."""
    moves, wanted = [], command.amount
    for lot in sorted(journal.lots.values(), key=lambda one: one.name, reverse=True):
        if lot.about == command.about and wanted > 0:
            moves.append((lot.name, min(lot.left, wanted)))
            wanted -= moves[-1][1]
    return moves


_MOVERS = {
    "issue": _issue,
    "hold": _hold,
    "capture": _held,
    "release": _held,
    "expire": _expire,
    "reverse": _reverse,
    "refund": _refund,
}


def sealed(entry: Entry, before: str) -> Entry:
    """The entry with the digest that chains it to the one before."""
    text = json.dumps([before, *write_entry(entry)[:-1]], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Entry(
        entry.number, entry.key, entry.kind, entry.about, entry.on, entry.legs, entry.partner, entry.expires, digest
    )


def replay(entries: Iterable[Entry]) -> Journal:
    """The journal that these entries make, from the first on."""
    journal = Journal()
    for entry in entries:
        journal.add(entry)
    return journal


def breaches(entries: Sequence[Entry]) -> list[str]:
    """Every law of the ledger that these entries break, as sentences; nothing where all hold."""
    found: list[str] = []
    journal, keys = Journal(), set[str]()
    for number, entry in enumerate(entries, 1):
        if entry.number != number:
            found.append(f"entry {entry.number} stands at place {number}")
        if sum(leg.debit for leg in entry.legs) != sum(leg.credit for leg in entry.legs):
            found.append(f"entry {number}: debit and credit differ")
        if entry.key in keys:
            found.append(f"entry {number}: its key was booked before")
        if sealed(entry, journal.digest).digest != entry.digest:
            found.append(f"entry {number}: its seal does not fit, it was changed")
        keys.add(entry.key)
        try:
            journal.add(entry)
        except KeyError:
            return [*found, f"entry {number}: there is no such voucher"]
        if min(journal.balances.values()) < 0 or any(lot.left < 0 for lot in journal.lots.values()):
            found.append(f"entry {number}: a balance is negative")
    return found


def write_entry(entry: Entry) -> list[Any]:
    """The entry as a JSON row; `read_entry` reads it back."""
    legs = [list(leg) for leg in entry.legs]
    expires = entry.expires.isoformat() if entry.expires else None
    row = [entry.number, entry.key, entry.kind, entry.about, entry.on.isoformat(), legs, entry.partner, expires]
    return [*row, entry.digest]


def read_entry(row: Sequence[Any]) -> Entry:
    """The entry of a JSON row."""
    number, key, kind, about, on, legs, partner, expires, digest = row
    until = date.fromisoformat(expires) if expires else None
    return Entry(number, key, kind, about, date.fromisoformat(on), tuple(Leg(*x) for x in legs), partner, until, digest)


def _meaning(kind: str, about: str) -> str:
    return f"{kind} {about}"


def _lot_expiry(name: str) -> date:
    return date.fromisoformat(name[:10])


def _lot_about(name: str) -> str:
    return name.split("#", 2)[2]
