"""What does a .pb file of Pabulib say: which projects, which votes, by which rule, and what was chosen?

The format (Pabulib, http://pabulib.org/format): three sections META, PROJECTS and VOTES, each with a line of names and
rows of values between semicolons. What a vote says depends on vote_type: projects that are approved of, one project,
points for each, or projects in order, of which the first of n gets n points.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from machinami.foundation.errors import InputError

SECTIONS = ("META", "PROJECTS", "VOTES")
VOTE_TYPES = ("approval", "choose-1", "cumulative", "scoring", "ordinal")


@dataclass(frozen=True, slots=True)
class Poll:
    """An election. Money and points are exact, as texts of fractions. selected: which projects were chosen then, None
    where the file does not say; told: the points (or votes) that the file says each project got; ballots: rows of
    project -> points with how many voters cast each."""

    name: str
    rule: str
    vote_type: str
    threshold: str
    budget: str
    costs: Mapping[str, str]
    told: Mapping[str, str]
    selected: Sequence[str] | None
    ballots: Sequence[tuple[Mapping[str, str], int]]

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def parse(data: bytes, name: str) -> Poll:
    """Read one file. Raises InputError that names the file and what is wrong with it."""
    try:
        sections = dict(_sections(data.decode("utf-8-sig"), name))
        meta = {row["key"]: row["value"] for row in sections["META"]}
        projects, kind = sections["PROJECTS"], meta["vote_type"]
        if kind not in VOTE_TYPES:
            raise InputError(f"{name}: vote_type {kind!r} is none of {', '.join(VOTE_TYPES)}")
        costs = {row["project_id"]: str(_number(row["cost"])) for row in projects}
        points = "votes" if kind in ("approval", "choose-1") or "score" not in projects[0] else "score"
        most = int(meta.get("max_length") or 0)
        counted = Counter(tuple(sorted(_ballot(row, kind, most, costs).items())) for row in sections["VOTES"])
        return Poll(
            name,
            meta.get("rule", "unknown"),
            kind,
            str(_number(meta.get("min_project_score_threshold") or "0")),
            str(_number(meta["budget"])),
            costs,
            {row["project_id"]: row.get(points) or "" for row in projects},
            _selected(projects),
            [(dict(ballot), count) for ballot, count in counted.items()],
        )
    except (KeyError, IndexError, ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: this is no .pb file of Pabulib ({error!r})") from error


def _sections(text: str, name: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Each section with its rows."""
    lines = [line for line in text.splitlines() if line.strip()]
    heads = [at for at, line in enumerate(lines) if line.strip().strip(";") in SECTIONS]
    if [lines[at].strip().strip(";") for at in heads] != list(SECTIONS):
        raise InputError(f"{name}: a .pb file has the sections {', '.join(SECTIONS)}, in this order")
    for at, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        rows = csv.DictReader(lines[at + 1 : end], delimiter=";")
        yield (
            lines[at].strip().strip(";"),
            [{k.strip(): (v or "").strip() for k, v in row.items() if k} for row in rows],
        )


def _number(text: str) -> Fraction:
    return Fraction(text.replace(" ", "").replace(",", "."))


def _ballot(row: Mapping[str, str], kind: str, most: int, known: Mapping[str, str]) -> dict[str, str]:
    """The points that a vote gives each project; one that names something else is a fault of the file."""
    chosen = [one.strip() for one in row["vote"].split(",") if one.strip()]
    if any(one not in known for one in chosen):
        raise ValueError(f"a vote for {chosen}")
    if kind in ("cumulative", "scoring"):
        given = [str(_number(one)) for one in row["points"].split(",")]
        return {one: points for one, points in zip(chosen, given, strict=True) if points != "0"}
    if kind == "ordinal":
        first = most or len(chosen)
        return {one: str(first - place) for place, one in enumerate(chosen)}
    return dict.fromkeys(chosen, "1")


def _selected(projects: Sequence[Mapping[str, str]]) -> list[str] | None:
    if "selected" not in projects[0]:
        return None
    return [row["project_id"] for row in projects if row["selected"] not in ("", "0")]
