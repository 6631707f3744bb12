"""How are a journal and the claims of a day kept as JSON, and read again?"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from machinami.foundation.instant import format_instant, parse_instant
from machinami.services.health_points.logic.ledger import Journal, Leg, Lot
from machinami.services.health_points.model import Claim, Exercise


def write_journal(journal: Journal) -> dict[str, Any]:
    """The journal as it stands; `read_journal` reads it back."""
    return {
        "count": journal.count,
        "digest": journal.digest,
        "balances": journal.balances,
        "lots": [[lot.name, lot.expires.isoformat(), lot.about, lot.left] for lot in journal.lots.values()],
        "holds": {name: [list(leg) for leg in legs] for name, legs in journal.holds.items()},
        "spent": {name: [list(leg) for leg in legs] for name, legs in journal.spent.items()},
        "earned": journal.earned,
        "keys": journal.keys,
    }


def read_journal(row: Mapping[str, Any] | None) -> Journal:
    """The journal of a record; a new one where there is none."""
    if not row:
        return Journal()
    lots = [Lot(name, datetime.fromisoformat(until).date(), about, left) for name, until, about, left in row["lots"]]
    return Journal(
        row["count"],
        row["digest"],
        dict(row["balances"]),
        {lot.name: lot for lot in lots},
        {name: [Leg(*leg) for leg in legs] for name, legs in row["holds"].items()},
        {name: [Leg(*leg) for leg in legs] for name, legs in row["spent"].items()},
        dict(row["earned"]),
        dict(row["keys"]),
    )


def write_claims(claims: Iterable[Claim]) -> list[list[Any]]:
    """Claims as rows."""
    return [
        [c.device, format_instant(c.start), format_instant(c.end), c.steps, c.source, c.self_reported] for c in claims
    ]


def read_claims(rows: Sequence[Sequence[Any]] | None) -> list[Claim]:
    """The claims of rows; a row may leave out the source and whether it is the person's own word."""
    return [
        Claim(str(row[0]), parse_instant(row[1]), parse_instant(row[2]), int(row[3]), *row[4:6]) for row in rows or ()
    ]


def write_exercises(exercises: Iterable[Exercise]) -> list[list[Any]]:
    """Exercises as rows."""
    return [[e.device, format_instant(e.start), format_instant(e.end), e.name, e.met] for e in exercises]


def read_exercises(rows: Sequence[Sequence[Any]] | None) -> list[Exercise]:
    """The exercises of rows."""
    return [Exercise(str(r[0]), parse_instant(r[1]), parse_instant(r[2]), str(r[3]), r[4]) for r in rows or ()]
