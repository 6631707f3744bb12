"""How did it fare on its way to each person, when is it tried again, and what does that add up to?"""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import StringIO
from typing import Any, Literal, NamedTuple

State = Literal["waiting", "sent", "failed", "gone"]
"""waiting: still to be sent, or to be tried again; sent: taken over by what carries it; failed: given up; gone: there
is nobody any more at this address."""
IN_TIME = timedelta(minutes=10)
_LONGEST_PAUSE = timedelta(hours=1)
_REASON = 160
_GONE = {"push": (404, 410), "mail": (550, 551, 553)}
"""What says that nobody is there: of push services by RFC 8030, 7.3; of mail servers by RFC 5321, 4.2.3."""
_FOR_NOW = (408, 425, 429)


class Outcome(NamedTuple):
    """What became of one sending: ok, the status code where there was one, and the reason in words."""

    ok: bool
    status: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One person of one broadcast. first: when it was first sent; at: when it was last tried or taken; due: when it
    is tried next; status: of the last answer."""

    road: str
    language: str = "ja"
    state: State = "waiting"
    tries: int = 0
    status: int | None = None
    reason: str = ""
    at: str = ""
    due: str = ""
    by: str = ""

    def kept(self) -> list[Any]:
        """The row as it is kept."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Tally:
    """What the rows of a broadcast add up to."""

    people: int = 0
    sent: int = 0
    failed: int = 0
    waiting: int = 0
    in_time: int = 0
    first: datetime | None = None

    @property
    def share(self) -> float | None:
        """Of all people, those reached in time; None where there are none."""
        return self.in_time / self.people if self.people else None


def row_of(kept: Sequence[Any]) -> Row:
    """The row that was kept so."""
    return Row(*kept)


def is_due(row: Row, now: datetime) -> bool:
    """Whether something is to be sent now. Who is called waits for a person, and for nothing else."""
    return row.state == "waiting" and row.road != "call" and (not row.due or datetime.fromisoformat(row.due) <= now)


def after(row: Row, outcome: Outcome, now: datetime, tries: int, pause: timedelta) -> Row:
    """The row after one sending: taken, given up, or to be tried again after a pause that doubles each time."""
    count = row.tries + 1
    told = replace(row, tries=count, status=outcome.status, reason=outcome.reason[:_REASON], at=now.isoformat(), due="")
    if outcome.ok:
        return replace(told, state="sent")
    if outcome.status in _GONE.get(row.road, ()):
        return replace(told, state="gone")
    if count >= tries or not _may_pass(row.road, outcome):
        return replace(told, state="failed")
    wait = min(pause * 2 ** (count - 1), _LONGEST_PAUSE)
    return replace(told, state="waiting", due=(now + wait).isoformat())


def ticked(row: Row, reached: bool, by: str, now: datetime) -> Row:
    """A person of the call list, after somebody called or went there."""
    return replace(row, state="sent" if reached else "waiting", tries=row.tries + 1, at=now.isoformat(), by=by)


def tally(rows: Iterable[Row], began: datetime) -> Tally:
    """What the rows add up to; in time: sent within ten minutes of the approval."""
    people = sent = failed = waiting = in_time = 0
    first: datetime | None = None
    for row in rows:
        people += 1
        waiting += row.state == "waiting"
        failed += row.state in ("failed", "gone")
        if row.state == "sent":
            at = datetime.fromisoformat(row.at)
            sent += 1
            in_time += at - began <= IN_TIME
            first = at if first is None or at < first else first
    return Tally(people, sent, failed, waiting, in_time, first)


def by_road(rows: Iterable[Row], began: datetime) -> dict[str, Tally]:
    """The same for each road that there is."""
    parted: dict[str, list[Row]] = {}
    for row in rows:
        parted.setdefault(row.road, []).append(row)
    return {road: tally(found, began) for road, found in sorted(parted.items())}


def proof(broadcast: Mapping[str, str], rows: Mapping[str, Row], opened: Mapping[str, str]) -> bytes:
    """What can be shown to have been sent, as CSV (RFC 4180): no address, no name; each person under a pseudonym."""
    out = StringIO()
    table = csv.writer(out)
    for name, value in broadcast.items():
        table.writerow([name, _safe(value)])
    table.writerow([])
    table.writerow(["person", "road", "language", "state", "tries", "status", "reason", "at", "opened", "by"])
    for person, row in sorted(rows.items()):
        told = (person, row.road, row.language, row.state, row.tries, row.status or "", row.reason, row.at)
        table.writerow([_safe(str(one)) for one in (*told, opened.get(person, ""), row.by)])
    return ("\ufeff" + out.getvalue()).encode("utf-8")


def effect_counts(
    rows: Collection[str], held_out: Collection[str], answered: Collection[str]
) -> tuple[int, int, int, int]:
    """Of those who were sent a mailing and of those held out: how many did what it asks, of how many."""
    done = set(answered)
    return len(done & set(rows)), len(set(rows)), len(done & set(held_out)), len(set(held_out))


def _may_pass(road: str, outcome: Outcome) -> bool:
    """Whether trying again may help: no answer, and what is refused for now (RFC 5321, 4.2.1; RFC 9110, 15.6)."""
    if outcome.status is None:
        return True
    if road == "mail":
        return outcome.status < 500
    return outcome.status >= 500 or outcome.status in _FOR_NOW


def _safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
