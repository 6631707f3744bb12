"""Are another city's reports taken, led to offices and counted as they were there, and duplicates found?

Offices are learned from the first half of the rows in order of time and scored on the second; categories that the first
half does not have are led to the office whose categories are named most alike. Time to mend is compared with a median
that is worked out here by other means. Duplicates are scored on labelled reports: those that come with the service, or
--labelled FILE with the same columns.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files

import numpy as np
import orjson

from machinami.foundation.errors import InputError
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.services.civic_reports.logic import scoring
from machinami.services.civic_reports.service import PACKAGE, glossary

WITHOUT_TABLE = True
ARGUMENTS = (
    Argument("csv", "requests", "a table of service requests (311), such as that of St. Louis"),
    Argument("zone", "text", "zone of its times", default="America/Chicago"),
    Argument("labelled", "file", "labelled reports: report, part, incident, category, latitude, longitude, text"),
)
COLUMNS = frozenset({"report", "incident", "category", "latitude", "longitude", "text"})


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score whatever was given, and the labelled reports."""
    documents = dict(table.documents)
    checks: list[Check] = []
    notes: list[str] = []
    count = 0
    if "csv" in documents:
        rows = orjson.loads(documents["csv"])
        count = len(rows)
        found, said = _requests(rows)
        checks, notes = checks + found, notes + said
    checks += _labelled(documents.get("labelled"))
    return Report("civic_reports", tuple(checks), count, tuple(notes))


def _requests(rows: list[scoring.Row]) -> tuple[list[Check], list[str]]:
    taken = scoring.take(rows)
    routed = scoring.routed(taken.accepted)
    ours, theirs = scoring.medians(taken.accepted), _medians(taken.accepted)
    apart = [abs(ours.get(code, np.inf) - days) for code, days in theirs.items()]
    told = len(taken.accepted) + len(taken.refused)
    unnamed = sum(1 for row in taken.accepted if not row["office"])
    wrong = "; ".join(f"{code}: {said or 'nobody'} (was {office})" for code, office, said in routed.wrong[:8])
    return [
        Check("rows_accepted_or_refused", told / len(rows) if rows else None, "1", 1.0),
        Check("rows_accepted", float(len(taken.accepted)), "1"),
        Check("rows_refused_duplicate_id", float(taken.count("duplicate_id")), "1"),
        Check("rows_refused_no_place", float(taken.count("no_place")), "1"),
        Check("routing_held_out", routed.share, "1", 0.95),
        Check("routing_held_out_known_categories", routed.known, "1"),
        Check("routing_rows", float(routed.rows), "1"),
        Check("median_days_categories", float(len(theirs)), "1"),
        Check("median_days_largest_difference", float(max(apart)) if apart else None, "d", 1e-6, most=True),
        Check("median_days_all", ours.get("all"), "d"),
    ], [
        "offices are learned from the first half of the accepted rows by time and scored on the second",
        f"{routed.guessed} categories are met in the second half alone and guessed by their names; {unnamed} accepted "
        "rows name no office and are not scored",
        f"led elsewhere, the first of {len(routed.wrong)}: {wrong}",
    ]


def _medians(rows: Sequence[scoring.Row]) -> dict[str, float]:
    """Medians by another way than the service's own: seconds since 1970, sorted by numpy."""
    took: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row["closed"] and not row["cancelled"]:
            begin, end = (datetime.fromisoformat(row[name]).timestamp() for name in ("asked", "closed"))
            for code in (row["category"], "all"):
                took[code].append((end - begin) / 86_400)
    return {code: float(np.quantile(np.array(days), 0.5)) for code, days in took.items()}


def _labelled(given: bytes | None) -> list[Check]:
    """Precision and recall, by part where the parts are told, and of all that nothing was fitted to."""
    content = given or files(PACKAGE).joinpath("rows/labelled.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    if not rows or not set(rows[0]) >= COLUMNS:
        raise InputError(f"the labelled reports need the columns {', '.join(sorted(COLUMNS))}")
    checks: list[Check] = []
    held_out: list[scoring.Found] = []
    for part in dict.fromkeys(row.get("part") or "labelled" for row in rows):
        score = scoring.found([row for row in rows if (row.get("part") or "labelled") == part], glossary())
        is_tuning = part.endswith("tuning")
        checks += _duplicates(part, score, is_tuning)
        held_out += [] if is_tuning else [score]
    return checks + (_duplicates("all_held_out", scoring.together(held_out)) if len(held_out) > 1 else [])


def _duplicates(part: str, score: scoring.Found, is_tuning: bool = False) -> list[Check]:
    bars = (None, None) if is_tuning else (0.9, 0.7)
    return [
        Check(f"duplicates_precision_{part}", score.precision, "1", bars[0]),
        Check(f"duplicates_recall_{part}", score.recall, "1", bars[1]),
        Check(f"duplicates_pairs_{part}", float(score.pairs), "1"),
    ]
