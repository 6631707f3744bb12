"""Are costs shared as the closed forms say, and to the yen? Games whose truth is known, and members of your own.

The games are drawn by chance from fixed seeds, so that anyone gets the same figures. A file of members is a CSV with
the columns member, alone, population, use, benefit (those that are known); --total is what they share.
"""

import csv
import io
from collections.abc import Mapping

from machinami.foundation.errors import BadRequestData, InputError
from machinami.methods.amounts import read_amount
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.services.money.logic.planted import Missed, play_airports, play_bankruptcies
from machinami.services.money.logic.sharing import compare
from machinami.services.money.model import MOST_YEN, Member, Sharing

WITHOUT_TABLE = True
ARGUMENTS = (
    Argument("games", "text", "games of each kind", default="1000"),
    Argument("csv", "file", "members who share a cost: member,alone,population,use,benefit"),
    Argument("total", "text", "what they share, in yen; without it, what the largest of them would pay alone"),
)
SEED = 2026
PARTS = 10
COLUMNS = ("population", "use", "benefit", "alone")


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score the rules of sharing, and share what the file says."""
    games = _count(options.get("games", "1000"))
    sharing = _sharing(table.documents["csv"], options.get("total", "")) if "csv" in table.documents else None
    sizes = [(SEED + n, games // PARTS + (n < games % PARTS)) for n in range(PARTS)]
    missed: list[Missed] = []
    for play in (_airports, _bankruptcies):
        for one in each(play, sizes):
            missed.append(one)
            progress(len(missed), 2 * PARTS)
    checks = [
        Check("shapley_error", max(one.shapley for one in missed), "1", 1e-9, most=True),
        Check("nucleolus_error", max(one.talmud for one in missed), "1", 1e-7, most=True),
        Check("nucleolus_outside_core", float(sum(one.unstable for one in missed)), "1", 0.0, most=True),
        Check("sums_off", float(sum(one.inexact for one in missed)), "1", 0.0, most=True),
        Check("sharings_in_yen", float(sum(one.sharings for one in missed)), "1"),
        Check("games", float(sum(one.games for one in missed)), "1"),
        *(_own(sharing) if sharing else []),
    ]
    return Report("money", tuple(checks), len(sharing.members) if sharing else 0, NOTES)


NOTES = (
    "shapley_error, nucleolus_error: the worst share of any game against its closed form, relative to what is shared",
    "airports of 2 to 10 users, bankruptcies of 2 to 7 claimants, drawn from fixed seeds",
)


def _airports(task: tuple[int, int]) -> Missed:
    return play_airports(*task)


def _bankruptcies(task: tuple[int, int]) -> Missed:
    return play_bankruptcies(*task)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and PARTS <= int(text) <= 1_000_000):
        raise InputError(f"--games {text!r} is not a number from {PARTS} on")
    return int(text)


def _sharing(data: bytes, total: str) -> Sharing:
    """What the file says. Raises InputError naming the line."""
    rows = csv.DictReader(io.StringIO(_decoded(data)))
    if "member" not in (rows.fieldnames or ()):
        raise InputError(f"the file has no column 'member'; its first line may be member,{','.join(COLUMNS)}")
    members = [
        Member(str(row["member"]).strip(), *(_amount(row.get(name), name, line) for name in COLUMNS))
        for line, row in enumerate(rows, 2)
    ]
    amount = read_amount(total, MOST_YEN) if total else max((member.alone or 0 for member in members), default=0)
    if amount is None:
        raise InputError(f"--total {total!r} is no amount of yen")
    return Sharing(tuple(members), operation=amount, size="works" if total else "largest")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp932", errors="replace")


def _amount(text: str | None, column: str, line: int) -> int | None:
    if not (text or "").strip():
        return None
    amount = read_amount(text or "", MOST_YEN)
    if amount is None:
        raise InputError(f"line {line}, {column}: {text!r} is no whole number from 0 on", line=line, column=column)
    return amount


def _own(sharing: Sharing) -> list[Check]:
    """What each member of the file pays by each rule, and whether anybody would fare better without the others."""
    try:
        found = [one for one in compare(sharing) if not one.missing]
    except BadRequestData as error:
        raise InputError(f"these members cannot share a cost: {error.detail}") from None
    checks = []
    for one in found:
        for member, share in zip(sharing.members, one.shares, strict=True):
            checks.append(Check(f"{one.rule}:{member.name}", float(share), "JPY"))
        if one.above:
            checks.append(Check(f"{one.rule}:excess", float(one.excess), "JPY"))
    sums = sum(sum(one.shares) + one.prefecture != sharing.total for one in found)
    return [*checks, Check("own_sums_off", float(sums), "1", 0.0, most=True)]
