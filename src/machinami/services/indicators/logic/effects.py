"""What did a measure do to a figure, as far as comparing places can tell?

Series of places where the measure was and of others where it was not are laid on common steps of time. Several places
of the first kind, or few others: differences in differences. One place and enough others: a mixture of the others that
was like it before, with every other place taken for the treated one in turn (placebos).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.difference_in_differences import Effect, difference_in_differences
from machinami.methods.series import Floats
from machinami.methods.synthetic_control import Case, Mixture, effects, mixed_by, placebo_share
from machinami.services.indicators.logic.way import Sample

Step = Literal["day", "week", "month", "year"]
STEPS: tuple[Step, ...] = get_args(Step)
MOST_STEPS, MOST_PLACES = 400, 60
FEWEST_BEFORE = 2
MIXED_BEFORE, MIXED_OTHERS = 4, 3
"""A mixture is tried from so many steps before and other places on: with fewer it fits anything."""
FEW_PLACES, SHORT = 4, 4
RARE = 0.1
_APRIL = 4


@dataclass(frozen=True, slots=True)
class Series:
    """What was measured at one place, by the first day of each step."""

    id: str
    name: str
    values: Mapping[date, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What came of a comparison; the fields are those of `EffectEstimate`. treated, others: by step, the mean of the
    places with the measure and what they are compared with."""

    method: Literal["difference", "mixture"]
    effect: float
    low: float | None
    high: float | None
    steps: tuple[date, ...]
    before: int
    treated: tuple[float, ...]
    others: tuple[float, ...]
    weights: tuple[float, ...]
    findings: tuple[dict[str, Any], ...]


def step_of(day: date, step: Step) -> date:
    """The first day of the step in which a day is; a year is a fiscal one, from April."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    if step == "month":
        return day.replace(day=1)
    if step == "year":
        return date(day.year if day.month >= _APRIL else day.year - 1, _APRIL, 1)
    return day


def following(start: date, step: Step) -> date:
    """The first day of the next step."""
    days = {"day": 1, "week": 7, "month": 31, "year": 366}[step]
    return step_of(start + timedelta(days=days), step)


def stepped(past: Sequence[Sample], step: Step, zone: str) -> dict[date, float]:
    """The mean of the measured values of each step, by days of the town."""
    where = ZoneInfo(zone)
    held: dict[date, list[float]] = {}
    for sample in past:
        held.setdefault(step_of(sample.at.astimezone(where).date(), step), []).append(sample.value)
    return {start: float(np.mean(values)) for start, values in held.items()}


def estimate(treated: Sequence[Series], others: Sequence[Series], began: date, step: Step, today: date) -> Estimate:
    """Compare places with a measure that began on a day with others. Steps in which one of the places has no value are
    left out, so are the step within which the measure began and the one that is not over.

    Raises InputError where there are not two steps before and one after, or no place of either kind.
    """
    if not treated or not others or len(treated) + len(others) > MOST_PLACES:
        what = f"Choose a place with the measure and one without, {MOST_PLACES} together at most"
        raise InputError(what, key="ind.effect.wrong.sides", most=MOST_PLACES)
    places = [*treated, *others]
    seen = sorted(set().union(*(place.values for place in places)))
    seen = [one for one in seen if following(one, step) <= today and not one < began < following(one, step)]
    steps = [one for one in seen if all(one in place.values for place in places)][-MOST_STEPS:]
    before = sum(one < began for one in steps)
    if before < FEWEST_BEFORE or len(steps) == before:
        raise InputError(
            f"All of the places have values together in {before} whole steps before the measure and in "
            f"{len(steps) - before} after it; {FEWEST_BEFORE} before and 1 after are needed. Choose a shorter step, "
            "other places, or an earlier or later day",
            key="ind.effect.wrong.steps", before=before, after=len(steps) - before, fewest=FEWEST_BEFORE,
        )  # fmt: skip
    values = np.array([[place.values[one] for one in steps] for place in places], float)
    mask = np.arange(len(places)) < len(treated)
    found = difference_in_differences(values, mask, before)
    mixes = len(treated) == 1 and len(others) >= MIXED_OTHERS and before >= MIXED_BEFORE
    told = _mixture(values, before, found) if mixes else _difference(values, mask, before, found)
    notes = [] if len(steps) == len(seen) else [{"kind": "gaps", "count": len(seen) - len(steps)}]
    if before < SHORT:
        notes.append({"kind": "short", "count": before})
    return Estimate(
        "mixture" if mixes else "difference", *told[:3], tuple(steps), before,
        tuple(map(float, values[mask].mean(axis=0))), *told[3:5], (*told[5], *notes),
    )  # fmt: skip


_Told = tuple[
    float, float | None, float | None, tuple[float, ...], tuple[float, ...], tuple[dict[str, Any], ...]
]  # effect, low, high, compared with, weights, findings


def _difference(values: Floats, mask: Any, before: int, found: Effect) -> _Told:
    gap, drift = found.effect, found.drift
    if gap.low is None or gap.high is None:
        chance = "no_interval"
    else:
        chance = "chance_includes" if gap.low <= 0 <= gap.high else "chance_excludes"
    if drift.low is None or drift.high is None:
        moved = "drift_unknown"
    else:
        moved = "drift_none" if drift.low <= 0 <= drift.high else "drift_found"
    rows: list[dict[str, Any]] = [
        {"kind": chance},
        {"kind": moved, "value": drift.value, "low": drift.low, "high": drift.high, "carried": found.carried},
    ]
    if min(found.treated, found.others) < FEW_PLACES:
        rows.append({"kind": "few", "treated": found.treated, "others": found.others})
    shift = values[mask][:, :before].mean() - values[~mask][:, :before].mean()
    compared = values[~mask].mean(axis=0) + shift  # brought to the height of the treated, before the measure
    weights = (1 / found.others,) * found.others
    return gap.value, gap.low, gap.high, tuple(map(float, compared)), weights, tuple(rows)


def _mixture(values: Floats, before: int, found: Effect) -> _Told:
    count = len(values)
    held = [_against(values, own, [n for n in range(1, count) if n != own], before) for own in range(count)]
    gaps = [gap for _, gap in held]
    sizes = [(_size(gap[:before]), _size(gap[before:])) for gap in gaps]
    share = placebo_share(*(np.array(part) for part in zip(*sizes, strict=True)))
    each = [float(gap[before:].mean()) for gap in gaps]
    error = sizes[0][0]
    rows: list[dict[str, Any]] = [
        {"kind": _placebo(share, count), "share": share, "count": count - 1, "least": 1 / count},
        {"kind": "fit_poor" if error > abs(each[0]) / 2 else "fit_good", "error": error},
        {"kind": "difference", "value": found.effect.value, "carried": found.carried},
    ]  # fmt: skip
    compared = values[0] - gaps[0]
    return (
        each[0], min(each[1:]), max(each[1:]), tuple(map(float, compared)),
        tuple(map(float, held[0][0].weights)), tuple(rows),
    )  # fmt: skip


def _placebo(share: float, count: int) -> str:
    """What the placebos say: with fewer than ten places together even the first of all is no rare one."""
    return "placebo_cannot" if 1 / count > RARE else "placebo_few" if share <= RARE else "placebo_many"


def _against(values: Floats, own: int, others: Sequence[int], before: int) -> tuple[Mixture, Floats]:
    """The mixture of others that followed a place before, every step as important as any other, and what is left."""
    past, pasts = values[own, :before], values[list(others), :before].T
    mixture = mixed_by(Case(past, pasts, past, pasts), np.ones(before))
    return mixture, effects(mixture, values[own], values[list(others)].T)


def _size(gap: Floats) -> float:
    return float(np.sqrt(np.mean(gap**2)))


def read_table(text: str, step: Step) -> list[Series]:
    """Series of other places as somebody pasted them: lines of place, period and value, with commas, tabs or semicolons
    between; a period is 2024 (a fiscal year), 2024-04 or 2024-04-30. Raises InputError naming the line."""
    held: dict[str, dict[date, list[float]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.replace("\t", ",").replace(";", ",").split(",") if cell.strip()]
        if not cells or (number == 1 and len(cells) == 3 and _number(cells[2]) is None):
            continue  # an empty line, or the heads of the columns
        day = _period(cells[1]) if len(cells) == 3 else None
        value = _number(cells[2]) if len(cells) == 3 else None
        if day is None or value is None:
            shown = line.strip()[:60]
            what = f"Line {number}, {shown!r}, is not a place, a period such as 2024-04, and a number"
            raise InputError(what, key="ind.effect.wrong.line", number=number, line=shown)
        held.setdefault(cells[0][:80], {}).setdefault(step_of(day, step), []).append(value)
    return [
        Series(f"table:{name}", name, {day: float(np.mean(values)) for day, values in rows.items()})
        for name, rows in held.items()
    ]


def _period(text: str) -> date | None:
    parts = text.replace("/", "-").split("-")
    if not all(part.isascii() and part.isdigit() for part in parts) or not 1 <= len(parts) <= 3:
        return None
    year, month, day = (*map(int, parts), *((_APRIL, 1) if len(parts) == 1 else (1,)))[:3]
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
