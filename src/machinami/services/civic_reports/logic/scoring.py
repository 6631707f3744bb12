"""How well are the rows of another city's reports taken, led to offices and counted, and duplicates found?

Rows are mappings as the reader of tables makes them (ingest/requests311). Nothing here knows the city.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from math import cos, pi, radians, sin
from random import Random
from statistics import fmean
from typing import Any

import numpy as np

from machinami.methods.terms import Terms, named
from machinami.model.view import Point
from machinami.services.civic_reports.logic import duplicates, mending, routing
from machinami.services.civic_reports.logic.duplicates import Told
from machinami.services.civic_reports.model import Report

Row = Mapping[str, Any]
Matrix = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
RIDGE, STEPS = 5.0, 30
"""How weak the ridge of the fitted weights is, and steps in which they come to rest."""
TIMES, UNDATED, TWINS, ROW_TWINS = 3, 0.3, 0.12, 0.4
"""How often labelled reports are laid out anew, how much they count without hours, and how many have a
twin, of all and of things that stand in rows."""
METRES = 111_195.0  # a degree of latitude


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows that became reports, and why each of the others did not: line -> reasons."""

    accepted: Sequence[Row]
    refused: Mapping[int, tuple[str, ...]]

    def count(self, reason: str) -> int:
        """How many rows were refused for a reason, whatever else was wrong with them."""
        return sum(reason in reasons for reasons in self.refused.values())


def take(rows: Sequence[Row]) -> Taken:
    """Each row accepted, or refused with every reason there is: duplicate_id (an earlier row has its id), no_place (no
    coordinates and no address), no_category, no_time."""
    accepted: list[Row] = []
    refused: dict[int, tuple[str, ...]] = {}
    known: set[str] = set()
    for row in rows:
        checks = {
            "no_id": not row["id"],
            "duplicate_id": row["id"] in known,
            "no_place": (row["x"] is None or row["y"] is None) and not row["address"],
            "no_category": not row["category"],
            "no_time": not row["asked"],
        }
        known.add(row["id"])
        reasons = tuple(name for name, wrong in checks.items() if wrong)
        if reasons:
            refused[row["line"]] = reasons
        else:
            accepted.append(row)
    return Taken(accepted, refused)


@dataclass(frozen=True, slots=True)
class Routed:
    """How often the office of the held-out rows was found. share: of all that name one; known: of those whose category
    was met before; guessed: how many categories were not; wrong: category, office, and what was said instead."""

    share: float
    known: float
    rows: int
    guessed: int
    wrong: Sequence[tuple[str, str, str]]


def routed(rows: Sequence[Row]) -> Routed:
    """Offices learned from the first half of the rows (in order of time), scored on the second."""
    named = sorted((row for row in rows if row["office"]), key=lambda row: row["asked"])
    half = len(named) // 2
    table = routing.learn([(row["category"], row["office"]) for row in named[:half]])
    guesses: dict[str, str | None] = {}
    hits, known, wrong = 0, list[bool](), list[tuple[str, str, str]]()
    for row in named[half:]:
        code = row["category"]
        said = table.get(code)
        if said is None:
            said = guesses.setdefault(code, routing.guess(code, table))
        else:
            known.append(said == row["office"])
        hits += said == row["office"]
        if said != row["office"]:
            wrong.append((code, row["office"], said or ""))
    held = len(named) - half
    share, of_known = (hits / held if held else 0.0), (sum(known) / len(known) if known else 0.0)
    return Routed(share, of_known, held, len(guesses), wrong)


def medians(rows: Sequence[Row]) -> dict[str, float]:
    """Days until mended, by category, as the service counts them."""
    reports = [
        Report(row["id"], None, row["category"], "mended", requested_at=_at(row["asked"]), closed_at=_at(row["closed"]))
        for row in rows
        if row["closed"] and not row["cancelled"]
    ]  # fmt: skip
    last = max((one.closed_at for one in reports if one.closed_at), default=None)
    if last is None:
        return {}
    codes = sorted({one.category_code or "" for one in reports})
    figures = mending.figures(reports, codes, last, 100_000)
    return {one.category_code or "": one.median_days for one in figures if one.median_days is not None}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Found:
    """How duplicates were found among labelled reports: of the pairs found, how many are right; of those there are,
    how many were found."""

    precision: float
    recall: float
    pairs: int
    found: int


def together(parts: Sequence[Found]) -> Found:
    """The same of several labelled sets as if they were one."""
    pairs, found = sum(one.pairs for one in parts), sum(one.found for one in parts)
    right = sum(one.precision * one.found for one in parts)
    return Found(right / found if found else 0.0, right / pairs if pairs else 0.0, pairs, found)


def told_in(rows: Sequence[Mapping[str, str]]) -> list[Told]:
    """Labelled reports (columns report, incident, category, latitude, longitude, text; hour, where it is known)."""
    return [
        Told(
            row["report"], row["category"], Point(float(row["longitude"]), float(row["latitude"])), row["text"],
            at=_BEGIN + timedelta(hours=float(row["hour"])) if row.get("hour") else None,
        )
        for row in rows
    ]  # fmt: skip


def found(rows: Sequence[Mapping[str, str]], terms: Terms) -> Found:
    """Score the labelled reports against each other."""
    told, incident = told_in(rows), {row["report"]: row["incident"] for row in rows}
    said = {frozenset((one.id, other.id)) for one in told for other in duplicates.alike(one, told, terms)}
    same = {frozenset(pair) for pair in combinations(incident, 2) if incident[pair[0]] == incident[pair[1]]}
    right = len(said & same)
    return Found(right / len(said) if said else 0.0, right / len(same) if same else 0.0, len(same), len(said))


def fitted(parts: Sequence[Sequence[Mapping[str, str]]], terms: Terms, draw: Random) -> tuple[float, dict[str, float]]:
    """The constant and the weights of the model of duplicates that fit labelled reports best, each part for itself:
    logistic regression with a weak ridge. Each part counts as it is and laid out anew (`relaid`), with its hours and,
    less, without."""
    measured: list[list[float]] = []
    same: list[bool] = []
    counts: list[float] = []
    for rows in parts:
        for laid in (rows, *(relaid(rows, terms, draw) for _ in range(TIMES))):
            for dated, count in ((True, 1.0), (False, UNDATED)):
                told = [one if dated else replace(one, at=None) for one in told_in(laid)]
                incident = {row["report"]: row["incident"] for row in laid}
                for one in told:
                    for other, _, measures in duplicates.compared(one, told, terms):
                        measured.append([measures[name] for name in duplicates.WEIGHTS])
                        same.append(incident[one.id] == incident[other.id])
                        counts.append(count / (1 + TIMES))
    rows_of = np.column_stack([np.ones(len(same)), np.array(measured)])
    constant, *weights = _logistic(rows_of, np.array(same, float), np.array(counts))
    return constant, dict(zip(duplicates.WEIGHTS, weights, strict=True))


def relaid(rows: Sequence[Mapping[str, str]], terms: Terms, draw: Random) -> list[Mapping[str, str]]:
    """Labelled reports laid out as phones err (by 6 m in each direction, one in five by 15 m) and in the days after
    their incident; of one in eight with two reports or more, and of two in five of things that stand in rows, half are
    told of a thing just like it 15 to 45 m away, in the same days or some weeks before or after."""
    by_incident: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        by_incident[row["incident"]].append(row)
    laid: list[Mapping[str, str]] = []
    for incident, told in by_incident.items():
        lat, lon = (fmean(float(row[name]) for row in told) for name in ("latitude", "longitude"))
        begin = min(float(row["hour"]) for row in told)
        numbered = any(letter.isdigit() for row in told for letter in row["text"])
        in_row = any(named(row["text"], terms)["things"] & duplicates.IN_ROWS for row in told)
        twin = len(told) > 1 and draw.random() < (ROW_TWINS if in_row else TWINS) and not numbered
        way, away = draw.uniform(0, 2 * pi), draw.uniform(15, 45)
        later = draw.choice((0.0, draw.uniform(-500, 500)))
        for place, row in enumerate(told):
            other = twin and place % 2 == 1
            spread = 15.0 if draw.random() < 0.2 else 6.0
            east, north = (draw.gauss(0, spread) + other * away * turn for turn in (cos(way), sin(way)))
            hour = begin + other * later + min(draw.expovariate(1 / 60), 400.0)
            laid.append({
                **row, "incident": f"{incident} twin" if other else incident, "hour": str(hour),
                "latitude": str(lat + north / METRES), "longitude": str(lon + east / METRES / cos(radians(lat))),
            })  # fmt: skip
    return laid


def _logistic(rows: Matrix, ones: Matrix, counts: Matrix) -> list[float]:
    """Logistic regression by Newton's steps (iteratively reweighted least squares), each row as often as it counts; the
    first column has no ridge."""
    ridge = np.diag([0.0] + [1 / RIDGE] * (rows.shape[1] - 1))
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (counts * (likely - ones)) + ridge @ weights
        weights = weights - np.linalg.solve((rows.T * (counts * likely * (1 - likely))) @ rows + ridge, slope)
    return [float(weight) for weight in weights]


_BEGIN = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
