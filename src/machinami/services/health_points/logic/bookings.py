"""What is kept of journals, vouchers, keys and devices, and how does one change within a transaction?

Each function here runs in one transaction over the service's own drawer: a voucher and its booking become durable
together, so a crash before or after loses and doubles nothing. What is about a person is sealed with their key; the
totals of the town are about nobody, and outlast them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Protocol

from machinami.foundation.errors import Conflict, NotFound
from machinami.model.person import read_number
from machinami.services.health_points.logic.days import digest, fingerprint
from machinami.services.health_points.logic.earning import settling
from machinami.services.health_points.logic.ledger import WITHDRAWN, Command, Entry, Journal, decide, write_entry
from machinami.services.health_points.logic.stored import read_journal, write_journal
from machinami.services.health_points.model import Claim, EntryKind

KEYS, DEVICES, PRINTS, JOURNALS, VOUCHERS, PARTNERS = "keys", "devices", "prints", "journals", "vouchers", "partners"
VERDICTS, LEAVING, STAMPS, TOTALS = "verdicts", "leaving", "stamps", "totals"
OWNED = (KEYS, DEVICES, PRINTS, VOUCHERS, VERDICTS, LEAVING)
"""Shelves of records that say whose they are."""
_ENTRIES = "entries/"
_COUNTED = "counted"  # of a journal: that the totals of the town have it
Make = Callable[[Journal], Command | None]


class Shelves(Protocol):
    """The records that the service keeps for itself, as one transaction sees them."""

    def get(self, shelf: str, key: str) -> dict[str, Any] | None:
        """A record."""
        ...

    def put(self, shelf: str, key: str, value: dict[str, Any], about: str = "") -> None:
        """Keep a record. about: whom it is about; without their key nobody reads it."""
        ...

    def drop(self, shelf: str, key: str) -> bool:
        """Remove a record."""
        ...


@dataclass(frozen=True, slots=True)
class Voucher:
    """A fare voucher: its points are held until it is used, returned, or has lapsed."""

    code: str
    walker: str
    points: int
    until: datetime
    state: str
    partner: str = ""

    @classmethod
    def of(cls, code: str, row: Mapping[str, Any]) -> "Voucher":
        """The voucher of a record."""
        until = datetime.fromisoformat(row["until"])
        return cls(code, row["walker"], row["points"], until, row["state"], row.get("partner", ""))

    def row(self) -> dict[str, Any]:
        """The record of the voucher."""
        said = {"walker": self.walker, "points": self.points, "until": self.until.isoformat(), "state": self.state}
        return {**said, "partner": self.partner}


def entries_shelf(walker_id: str) -> str:
    """The shelf of a walker's entries; entries are put there once and never changed."""
    return f"{_ENTRIES}{walker_id}"


def post(shelves: Shelves, walker_id: str, makers: Iterable[Make]) -> list[Entry]:
    """Book in a walker's journal what each maker asks of it as it then stands."""
    head = shelves.get(JOURNALS, walker_id)
    journal = read_journal(head)
    counted = dict(journal.balances) if head is not None and head.get(_COUNTED) else {}
    entries: list[Entry] = []
    for make in makers:
        command = make(journal)
        entry = None if command is None else decide(journal, command)
        if entry is not None:
            journal.add(entry)
            entries.append(entry)
            shelves.put(entries_shelf(walker_id), f"{entry.number:08d}", {"row": write_entry(entry)}, about=walker_id)
    if entries:
        _keep(shelves, walker_id, journal, counted)
    return entries


def _keep(shelves: Shelves, walker_id: str, journal: Journal, counted: Mapping[str, int]) -> None:
    """Keep a journal as it stands now, and add to the totals what they have not counted of it."""
    totals = shelves.get(TOTALS, TOTALS) or {}
    new = {name: totals.get(name, 0) + now - counted.get(name, 0) for name, now in journal.balances.items()}
    shelves.put(TOTALS, TOTALS, new)
    shelves.put(JOURNALS, walker_id, {**write_journal(journal), _COUNTED: True}, about=walker_id)


def reseal(shelves: Shelves, shelf: str, names: Iterable[str]) -> None:
    """Seal records that were kept before records were sealed, and count journals that were kept before there were
    totals. One that is sealed and counted stays what it is."""
    for name in names:
        row = shelves.get(shelf, name)
        if row is None:
            continue
        if shelf != JOURNALS:
            owner = shelf.removeprefix(_ENTRIES) if shelf.startswith(_ENTRIES) else str(row["walker"])
            shelves.put(shelf, name, row, about=owner)
        elif not row.get(_COUNTED):
            _keep(shelves, name, read_journal(row), {})


def always(command: Command) -> Make:
    """A maker that asks for the command, however the journal stands."""
    return lambda journal: command


def settle(
    shelves: Shelves, walker_id: str, due: Iterable[tuple[date, int]], today: date, valid_days: int
) -> list[Entry]:
    """Book what these days are worth, as far as that is not booked."""

    def maker(day: date, points: int) -> Make:
        return lambda journal: settling(journal, day, points, today, valid_days)

    return post(shelves, walker_id, [maker(day, points) for day, points in due])


def hold(shelves: Shelves, wanted: Voucher, today: date) -> Voucher:
    """Set a voucher's points aside; the voucher that is there already where the same person asks again."""
    there = shelves.get(VOUCHERS, wanted.code)
    if there is not None:
        if there["walker"] != wanted.walker:
            raise Conflict("This voucher is somebody else's")
        return Voucher.of(wanted.code, there)
    command = Command("hold", f"hold:{wanted.code}", wanted.code, today, wanted.points)
    post(shelves, wanted.walker, [always(command)])
    shelves.put(VOUCHERS, wanted.code, wanted.row(), about=wanted.walker)
    return wanted


def end(
    shelves: Shelves, code: str, how: str, now: datetime, today: date, partner: str = "", owner: str = ""
) -> Voucher:
    """End a voucher: "used" by a partner, "returned" by its owner, or "lapsed". Asked again, it says how it ended.

    owner: whose it must be. Raises NotFound, or Conflict where it ended otherwise or is too old to be used.
    """
    row = shelves.get(VOUCHERS, code)
    if row is None or (owner and row["walker"] != owner):
        raise NotFound(f"There is no voucher {code}", voucher=code)
    voucher = Voucher.of(code, row)
    if voucher.state == how and voucher.partner == partner:
        return voucher
    if voucher.state != "held" or (how == "used" and voucher.until < now):
        raise Conflict(f"The voucher {code} cannot be used any more", state=voucher.state)
    kind: EntryKind = "capture" if how == "used" else "release"
    command = Command(kind, f"{kind}:{code}", code, today, partner=partner)
    post(shelves, voucher.walker, [always(command)])
    ended = replace(voucher, state=how, partner=partner)
    shelves.put(VOUCHERS, code, ended.row(), about=ended.walker)
    return ended


def key_row(shelves: Shelves, key: str) -> dict[str, Any] | None:
    """The record of a participation key, as it is or as somebody typed it from paper."""
    return shelves.get(KEYS, digest(key)) or shelves.get(KEYS, digest(read_number(key)))


def hand_out(shelves: Shelves, walker_id: str, key: str, papers: Iterable[str], since: str) -> None:
    """A key on paper for a walker, in place of those on paper before. papers: the keys that they have; since: from when
    on they take part, where none of these says so."""
    for name in papers:
        row = shelves.get(KEYS, name)
        if row is not None:
            since = min(since, row["since"])
            if row.get("paper"):
                shelves.drop(KEYS, name)
    shelves.put(KEYS, key, {"walker": walker_id, "since": since, "paper": True}, about=walker_id)


def run_out(shelves: Shelves, walker_id: str, today: date) -> list[Entry]:
    """Let run out what has reached its day."""
    return post(shelves, walker_id, [always(Command("expire", f"expire:{today.isoformat()}", "expired", today))])


def forget(shelves: Shelves, walker_id: str, rows: Mapping[str, Mapping[str, Any]], today: date) -> None:
    """Release and let run out what a walker who leaves still has, and drop all that leads to the pseudonym.

    rows: shelf -> its records, of which those of this walker go.
    """
    journal = read_journal(shelves.get(JOURNALS, walker_id))
    released = [Command("release", f"left:{code}", code, today) for code in journal.holds]
    last = Command("expire", f"left:{journal.count}", WITHDRAWN, today)  # who came back may leave again
    post(shelves, walker_id, [always(command) for command in (*released, last)])
    for shelf, records in rows.items():
        for name, row in records.items():
            if row["walker"] == walker_id:
                shelves.drop(shelf, name)


def strangers(shelves: Shelves, walker_id: str, days: Iterable[Sequence[Claim]], today: date) -> set[str]:
    """The devices among these claims that are another participant's, or bring what another one has handed in.

    A device that is told by an id of its own, and that nobody has brought yet, is this walker's from now on.
    """
    strange = set[str]()
    for claims in days:
        for root in {c.device.partition(".")[0] for c in claims if "." in c.device}:
            if _is_others(shelves, DEVICES, root, walker_id, today):
                strange |= {c.device for c in claims if c.device.startswith(root)}
        for name, group in groupby(sorted(claims, key=lambda c: c.device), key=lambda c: c.device):
            mark = fingerprint(list(group))
            if mark is not None and _is_others(shelves, PRINTS, mark, walker_id, today):
                strange.add(name)
    return strange


def tidy(shelves: Shelves, prints: Mapping[str, Mapping[str, Any]], today: date, kept_days: int) -> None:
    """Drop what is known of exports of days that nobody can hand in any more."""
    for mark, row in prints.items():
        if (today - date.fromisoformat(row["on"])).days > kept_days:
            shelves.drop(PRINTS, mark)


def _is_others(shelves: Shelves, shelf: str, name: str, walker_id: str, today: date) -> bool:
    """Whether somebody else has it; it is this walker's where nobody has."""
    row = shelves.get(shelf, name)
    if row is None:
        shelves.put(shelf, name, {"walker": walker_id, "on": today.isoformat()}, about=walker_id)
    return row is not None and row["walker"] != walker_id
