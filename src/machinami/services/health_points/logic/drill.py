"""Does the ledger keep its laws when many work on it at once, twice, late, and crash? A drill that anyone can repeat.

Many clients deliver commands to the journals of a few people. Each reads a journal, decides on an entry, and commits
it some time later; where somebody else committed in between, it decides anew (as a store's transaction does). A
client may crash before the commit or after it, before it hears of it, and then delivers its command again with the
same key; messages are also doubled by the network. An account kept apart, by plain addition, is the judge.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from machinami.foundation.errors import Conflict
from machinami.services.health_points.logic.ledger import (
    EXPIRED,
    HELD,
    ISSUED,
    POINTS,
    REDEEMED,
    Command,
    Entry,
    Journal,
    decide,
    sealed,
)

BEGIN = date(2026, 1, 1)
CLIENTS = 16
CRASH_BEFORE, CRASH_AFTER, DOUBLED = 0.05, 0.05, 0.05
KINDS = ("issue", "hold", "capture", "release", "expire", "reverse", "refund")
WEIGHTS = (36, 26, 12, 8, 3, 5, 3)


class Drilled(NamedTuple):
    """How a drill went: operations delivered, entries booked, commands refused, entries decided anew because another
    came first, crashes, and every law that was broken, as a sentence."""

    operations: int
    entries: int
    refused: int
    overtaken: int
    crashes: int
    breaches: list[str]


@dataclass(slots=True)
class _Ward:
    """One person's journal, and what the judge knows of it by plain addition."""

    journal: Journal = field(default_factory=Journal)
    expected: Counter[str] = field(default_factory=Counter)
    booked: Counter[str] = field(default_factory=Counter)
    vouchers: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Client:
    """One who delivers: what is under way, and the entry decided on but not committed yet."""

    person: int
    command: Command
    pending: Entry | None = None


class _Drill:
    def __init__(self, chance: random.Random, people: int) -> None:
        self.chance = chance
        self.wards = [_Ward() for _ in range(people)]
        self.queue: list[tuple[int, Command]] = []
        self.day = BEGIN
        self.number = self.refused = self.overtaken = self.crashes = self.entries = 0
        self.breaches: list[str] = []

    def command(self) -> tuple[int, Command]:
        """What is delivered next: something that was left undone or doubled, or something new."""
        if self.queue and self.chance.random() < 0.5:
            return self.queue.pop(self.chance.randrange(len(self.queue)))
        self.number += 1
        if self.number % 400 == 0:
            self.day += timedelta(days=1)
        person = self.chance.randrange(len(self.wards))
        return person, self._new(self.wards[person], self.chance.choices(KINDS, WEIGHTS)[0])

    def _new(self, ward: _Ward, kind: str) -> Command:
        key, amount = f"{kind}{self.number}", self.chance.randrange(1, 13)
        if kind == "issue":
            until = self.day + timedelta(days=self.chance.randrange(1, 60))
            return Command("issue", key, f"d{self.number}", self.day, amount, until)
        if kind == "hold":
            return Command("hold", key, f"v{self.number}", self.day, amount * 2)
        if kind == "expire":
            return Command("expire", key, "expired", self.day)
        if kind == "reverse":
            lots = list(ward.journal.lots.values())
            about = self.chance.choice(lots).about if lots else "none"
            return Command("reverse", key, about, self.day, amount)
        names = list(ward.used if kind == "refund" else ward.vouchers)
        voucher = names[self.chance.randrange(len(names))] if names else "none"
        if kind == "capture":
            return Command("capture", f"capture:{voucher}", voucher, self.day)
        return Command("release" if kind == "release" else "refund", f"{kind}:{voucher}", voucher, self.day)

    def step(self, client: _Client | None) -> _Client | None:
        """Let a client take one step; None where it is done or crashed."""
        if client is None:
            person, command = self.command()
            if self.chance.random() < DOUBLED:
                self.queue.append((person, command))
            client = _Client(person, command)
        ward = self.wards[client.person]
        if client.pending is None:
            return self._decide(client, ward)
        if client.pending.number != ward.journal.count + 1:
            self.overtaken += 1
            return self._decide(client, ward)
        if self.chance.random() < CRASH_BEFORE:
            self._crash(client)
            return None
        self._commit(ward, client.pending)
        if self.chance.random() < CRASH_AFTER:
            self._crash(client)
        return None

    def _decide(self, client: _Client, ward: _Ward) -> _Client | None:
        try:
            client.pending = decide(ward.journal, client.command)
        except Conflict:
            self.refused += 1
            return None
        return None if client.pending is None else client

    def _crash(self, client: _Client) -> None:
        self.crashes += 1
        self.queue.append((client.person, client.command))

    def _commit(self, ward: _Ward, entry: Entry) -> None:
        if sealed(entry, ward.journal.digest).digest != entry.digest:
            self.breaches.append(f"{entry.key}: its seal does not follow the one before")
        ward.journal.add(entry)
        self.entries += 1
        ward.booked[entry.key] += 1
        _account(ward, entry)
        self._judge(ward, entry)

    def _judge(self, ward: _Ward, entry: Entry) -> None:
        balances = ward.journal.balances
        if ward.booked[entry.key] > 1:
            self.breaches.append(f"{entry.key}: booked twice")
        if sum(leg.debit for leg in entry.legs) != sum(leg.credit for leg in entry.legs):
            self.breaches.append(f"{entry.key}: debit and credit differ")
        if min(balances.values()) < 0:
            self.breaches.append(f"{entry.key}: a balance is negative")
        if balances[ISSUED] != balances[POINTS] + balances[HELD] + balances[REDEEMED] + balances[EXPIRED]:
            self.breaches.append(f"{entry.key}: what was issued is not what there is")
        if any(balances[account] != ward.expected[account] for account in balances):
            self.breaches.append(f"{entry.key}: the account kept apart says otherwise")

    def conclude(self) -> None:
        """Judge every journal as a whole."""
        for number, ward in enumerate(self.wards):
            journal = ward.journal
            if sum(lot.left for lot in journal.lots.values()) != journal.balances[POINTS]:
                self.breaches.append(f"person {number}: the lots do not add up")
            if sum(leg.credit for legs in journal.holds.values() for leg in legs) != journal.balances[HELD]:
                self.breaches.append(f"person {number}: the vouchers do not add up")
            if set(journal.holds) != set(ward.vouchers) or set(journal.spent) != set(ward.used):
                self.breaches.append(f"person {number}: a voucher is lost or doubled")


def drill(operations: int, seed: int, people: int = 12) -> Drilled:
    """Deliver so many operations and judge each booking."""
    run = _Drill(random.Random(seed), people)
    clients: list[_Client | None] = [None] * CLIENTS
    for _ in range(operations):
        place = run.chance.randrange(CLIENTS)
        clients[place] = run.step(clients[place])
    run.conclude()
    return Drilled(operations, run.entries, run.refused, run.overtaken, run.crashes, run.breaches[:50])


def _account(ward: _Ward, entry: Entry) -> None:
    """What an entry means, said once more without debit and credit."""
    amount = sum(leg.credit for leg in entry.legs)
    gain: dict[str, tuple[str, str]] = {
        "hold": (POINTS, HELD),
        "capture": (HELD, REDEEMED),
        "release": (HELD, POINTS),
        "expire": (POINTS, EXPIRED),
        "refund": (REDEEMED, POINTS),
    }
    if entry.kind in gain:
        source, goal = gain[entry.kind]
        ward.expected[source] -= amount
        ward.expected[goal] += amount
    else:
        signed = amount if entry.kind == "issue" else -amount
        ward.expected[ISSUED] += signed
        ward.expected[POINTS] += signed
    if entry.kind == "hold":
        ward.vouchers[entry.about] = amount
    elif entry.kind == "capture":
        ward.used[entry.about] = ward.vouchers.pop(entry.about)
    elif entry.kind == "release":
        del ward.vouchers[entry.about]
    elif entry.kind == "refund":
        del ward.used[entry.about]
