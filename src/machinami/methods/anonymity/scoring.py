"""How safe is a table of persons as it is, and what does it cost to make it safe?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.methods.anonymity.ladders import PLAIN, Ladder
from machinami.methods.anonymity.lattice import Generalised, generalise
from machinami.methods.anonymity.measures import Key, Measures, measure


@dataclass(frozen=True, slots=True)
class Score:
    """before: of the table as it is; found: how it was made safe, None where it cannot be; after: what that came to."""

    before: Measures
    found: Generalised | None
    after: Measures | None


def score(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    bands: Mapping[str, tuple[float, ...]],
    k: int,
    l: int,  # noqa: E741  # the field's own name
    sensitive: Sequence[str] | None,
    hold_back: float,
) -> Score:
    """Measure the rows, make them k-anonymous and l-diverse, and measure again. bands: of numeric columns, by name.

    Raises ValueError where too many combinations would have to be tried.
    """
    keys: list[Key] = [tuple(row) for row in rows]
    ladders = [Ladder(widths=bands[name]) if name in bands else PLAIN for name in names]
    found = generalise(rows, ladders, k, l, sensitive, hold_back)
    before = measure(keys, sensitive)
    if found is None:
        return Score(before, None, None)
    kept = [at for at, key in enumerate(found.keys) if key is not None]
    after = measure(
        [key for key in found.keys if key is not None], None if sensitive is None else [sensitive[at] for at in kept]
    )
    return Score(before, found, after)


def as_checks(found: Score, k: int, l: int) -> list[dict[str, Any]]:  # noqa: E741  # the field's own name
    """The figures in the one shape that every score has."""
    before, after, made = found.before, found.after, found.found
    checks = [
        _check("k before", before.k, k, "1"),
        _check("share alone before", before.share_alone, None, "1"),
        _check("prosecutor risk before", before.prosecutor, None, "1"),
        _check("l before", before.l, None if before.l is None else l, "1"),
        _check("t before", before.closeness, None, "1"),
        _check("k after", None if after is None else after.k, k, "1"),
        _check("l after", None if after is None else after.l, None if before.l is None else l, "1"),
        _check("t after", None if after is None else after.closeness, None, "1"),
        _check("loss", None if made is None else made.loss, None, "1"),
        _check("rows held back", None if made is None else made.held_back, None, "1"),
    ]
    if made is not None:
        checks += [_check(f"step of column {at + 1}", step, None, "1") for at, step in enumerate(made.steps)]
    return checks


def _check(name: str, value: float | None, bar: float | None, unit: str) -> dict[str, Any]:
    passed = None if bar is None else value is not None and value >= bar
    return {"name": name, "value": value, "bar": bar, "unit": unit, "passed": passed}
