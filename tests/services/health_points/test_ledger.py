"""Does the ledger keep its laws, whatever comes, in whatever order, however often, and wherever it is cut off?"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from machinami.foundation.errors import Conflict
from machinami.services.health_points.logic.drill import drill
from machinami.services.health_points.logic.earning import settling
from machinami.services.health_points.logic.ledger import (
    Command,
    Entry,
    Journal,
    KeyReused,
    NotEnough,
    NotHeld,
    breaches,
    decide,
    read_entry,
    replay,
    write_entry,
)
from machinami.services.health_points.logic.stored import read_journal, write_journal

DAY = date(2026, 6, 1)


def book(journal: Journal, command: Command) -> Entry | None:
    entry = decide(journal, command)
    if entry is not None:
        journal.add(entry)
    return entry


def issue(journal: Journal, amount: int, days: int, about: str = "") -> Entry | None:
    name = about or f"day-{journal.count}"
    return book(journal, Command("issue", f"k{journal.count}", name, DAY, amount, DAY + timedelta(days=days)))


def test_the_points_that_run_out_first_are_used_first() -> None:
    journal = Journal()
    issue(journal, 5, 90, "late")
    issue(journal, 5, 30, "early")
    entry = book(journal, Command("hold", "h", "v", DAY, 7))
    assert entry is not None
    assert [(leg.lot.split("#")[2], leg.debit) for leg in entry.legs[:2]] == [("early", 5), ("late", 2)]


def test_points_that_have_run_out_cannot_be_used_even_before_that_is_booked() -> None:
    journal = Journal()
    issue(journal, 5, 30)
    with pytest.raises(NotEnough):
        decide(journal, Command("hold", "h", "v", DAY + timedelta(days=31), 1))
    assert journal.usable(DAY + timedelta(days=30)) == 5


def test_points_that_run_out_while_they_are_held_run_out_when_they_come_back() -> None:
    journal = Journal()
    issue(journal, 5, 30)
    book(journal, Command("hold", "h", "v", DAY, 5))
    later = DAY + timedelta(days=31)
    assert book(journal, Command("expire", "e1", "expired", later)) is None
    book(journal, Command("release", "r", "v", later))
    assert journal.usable(later) == 0
    book(journal, Command("expire", "e2", "expired", later))
    assert journal.balances["expired"] == 5


def test_a_key_books_once_and_never_for_something_else() -> None:
    journal = Journal()
    command = Command("issue", "k", "day", DAY, 5, DAY + timedelta(days=9))
    assert book(journal, command) is not None
    assert book(journal, command) is None
    with pytest.raises(KeyReused):
        decide(journal, replace(command, about="another day"))


def test_a_voucher_is_used_or_given_back_but_not_both() -> None:
    journal = Journal()
    issue(journal, 5, 30)
    book(journal, Command("hold", "h", "v", DAY, 5))
    book(journal, Command("capture", "c", "v", DAY))
    with pytest.raises(NotHeld):
        decide(journal, Command("release", "r", "v", DAY))
    with pytest.raises(Conflict):
        decide(journal, Command("hold", "h2", "v", DAY, 1))
    book(journal, Command("refund", "f", "v", DAY))
    assert journal.usable(DAY) == 5


def test_what_was_spent_in_good_faith_is_not_asked_back() -> None:
    journal = Journal()
    issue(journal, 9, 30, DAY.isoformat())
    book(journal, Command("hold", "h", "v", DAY, 7))
    command = settling(journal, DAY, 3, DAY, 365)
    assert command is not None
    entry = book(journal, command)
    assert entry is not None
    assert (entry.amount, journal.usable(DAY)) == (2, 0)
    assert settling(journal, DAY, 3, DAY, 365) is None


def test_an_entry_that_was_changed_afterwards_is_found() -> None:
    journal, entries = Journal(), []
    for number in range(5):
        entry = issue(journal, number + 1, 30)
        assert entry is not None
        entries.append(entry)
    assert breaches(entries) == []
    leg = entries[2].legs[0]
    forged = replace(entries[2], legs=(leg._replace(debit=99), entries[2].legs[1]._replace(credit=99)))
    assert any("seal" in said for said in breaches([*entries[:2], forged, *entries[3:]]))
    assert any("place" in said for said in breaches(entries[1:]))
    assert breaches([*entries, replace(entries[0], number=6)]) != []


class Ledger(RuleBasedStateMachine):
    """A person's journal under random commands; the model is plain arithmetic."""

    vouchers = Bundle("vouchers")
    used = Bundle("used")

    @initialize()
    def begin(self) -> None:
        self.journal = Journal()
        self.entries: list[Entry] = []
        self.today = DAY
        self.number = 0
        self.issued = self.gone = 0
        self.open: dict[str, int] = {}

    def book(self, command: Command) -> Entry | None:
        entry = decide(self.journal, command)
        if entry is not None:
            self.journal.add(entry)
            self.entries.append(entry)
        assert decide(self.journal, command) is None or entry is None
        return entry

    def key(self) -> str:
        self.number += 1
        return f"k{self.number}"

    @rule(amount=st.integers(0, 20), days=st.integers(0, 40))
    def issue(self, amount: int, days: int) -> None:
        key = self.key()
        until = self.today + timedelta(days=days)
        self.book(Command("issue", key, f"day-{key}", self.today, amount, until))
        self.issued += amount

    @rule(target=vouchers, amount=st.integers(1, 30))
    def hold(self, amount: int) -> str:
        key = self.key()
        enough = self.journal.usable(self.today) >= amount
        try:
            self.book(Command("hold", key, f"v-{key}", self.today, amount))
            assert enough
            self.open[f"v-{key}"] = amount
        except NotEnough:
            assert not enough
        return f"v-{key}"

    @rule(target=used, voucher=consumes(vouchers))
    def capture(self, voucher: str) -> str:
        self.end("capture", voucher)
        return voucher

    @rule(voucher=consumes(vouchers))
    def release(self, voucher: str) -> None:
        self.end("release", voucher)

    def end(self, kind: str, voucher: str) -> None:
        try:
            entry = self.book(Command(kind, f"{kind}:{voucher}", voucher, self.today))  # type: ignore[arg-type]
            assert entry is not None
            assert entry.amount == self.open.pop(voucher)
            self.gone += entry.amount if kind == "capture" else 0
        except NotHeld:
            assert voucher not in self.open

    @rule(voucher=consumes(used))
    def refund(self, voucher: str) -> None:
        try:
            entry = self.book(Command("refund", f"refund:{voucher}", voucher, self.today))
            self.gone -= entry.amount if entry else 0
        except NotHeld:
            assert voucher not in self.journal.spent

    @rule(days=st.integers(1, 20))
    def wait_and_expire(self, days: int) -> None:
        self.today += timedelta(days=days)
        entry = self.book(Command("expire", self.key(), "expired", self.today))
        self.gone += entry.amount if entry else 0
        assert all(lot.expires >= self.today for lot in self.journal.lots.values())

    @rule(amount=st.integers(1, 9), place=st.integers(0, 9))
    def reverse(self, amount: int, place: int) -> None:
        lots = sorted(self.journal.lots)
        if lots:
            about = self.journal.lots[lots[place % len(lots)]].about
            entry = self.book(Command("reverse", self.key(), about, self.today, amount))
            self.issued -= entry.amount if entry else 0

    @rule()
    def crash_and_read_back(self) -> None:
        self.journal = read_journal(write_journal(self.journal))

    @invariant()
    def laws_hold(self) -> None:
        if not hasattr(self, "journal"):
            return
        balances = self.journal.balances
        assert min(balances.values()) >= 0
        assert balances["issued"] == self.issued
        assert balances["held"] == sum(self.open.values())
        assert balances["redeemed"] + balances["expired"] == self.gone
        assert balances["points"] == self.issued - self.gone - sum(self.open.values())

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            assert breaches(self.entries) == []
            again = replay(read_entry(write_entry(entry)) for entry in self.entries)
            assert write_journal(again) == write_journal(self.journal)


class TestLedger(Ledger.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_20_000_random_operations_at_once_break_no_law() -> None:
    found = drill(20_000, 1)
    assert found.breaches == []
    assert min(found.entries, found.refused, found.overtaken, found.crashes) > 100


@pytest.mark.long
def test_a_million_random_operations_at_once_break_no_law() -> None:
    assert drill(1_000_000, 2).breaches == []
