"""What should this person try next? A few rules over targets that are published, and a goal taken from own days.

Targets: 健康づくりのための身体活動・運動ガイド 2023 (adults 8,000 steps, 60 minutes and 23 MET-hours a week; from 65 on
6,000 steps, 40 minutes and 15 MET-hours) and 健康日本21 (第二次: men 9,000, women 8,500; from 65 on 7,000 and 6,000).
The next goal is the 60th percentile of the own last nine days (Adams et al. 2013): reached on four days of ten, so it
pulls without discouraging. No advice is a diagnosis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.services.health_points.model import Day

GOAL_DAYS, GOAL_SHARE, LEAST_DAYS = 9, 0.6, 5
LEAST_GOAL, MOST_GOAL = 2_000, 15_000
ELDER = ("65-74", "75+")
TEN_MINUTES = 1_000
"""Steps in ten minutes of walking, as the guide counts (プラス・テン)."""

MET: Mapping[str, float] = {
    "walking_slow": 2.8, "walking": 3.5, "walking_brisk": 4.3, "walking_fast": 5.0, "stairs": 4.0, "stairs_fast": 8.8,
    "gardening": 3.8, "sweeping": 3.3, "snow_shovelling": 5.3, "radio_calisthenics": 3.5, "cycling_easy": 4.0,
    "jogging": 7.0, "running": 8.3, "swimming": 5.8, "dancing": 5.0, "tai_chi": 3.0,
}  # fmt: skip
"""Metabolic equivalents (1 MET = sitting still): facts of the Compendium of Physical Activities 2011, rounded there;
walking at 3.2, 4.8, 5.6 and 6.4 km/h."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at: steps and minutes a day, MET-hours a week."""

    steps: int
    minutes: int
    met_hours: int


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice: its kind names the sentence, its facts fill it."""

    kind: str
    facts: Mapping[str, Any]


def target_of(age_band: str) -> Target:
    """The target of the guide of 2023 for an age band."""
    return Target(6_000, 40, 15) if age_band in ELDER else Target(8_000, 60, 23)


def plan_of(age_band: str, sex: str) -> int | None:
    """Steps a day that 健康日本21 (第二次) aims at; None where the sex is not said."""
    rows = {("male", False): 9_000, ("female", False): 8_500, ("male", True): 7_000, ("female", True): 6_000}
    return rows.get((sex, age_band in ELDER))


def next_goal(days: Sequence[Day]) -> int | None:
    """The next goal in steps a day, to the next hundred: the 60th percentile of the last nine days that are known
    (the smallest count that at least 60 % of them do not exceed); None with fewer than five."""
    last = sorted(day.steps for day in sorted(days)[-GOAL_DAYS:])
    if len(last) < LEAST_DAYS:
        return None
    reached = last[-(-len(last) * 6 // 10) - 1]
    return int(min(max(round(reached / 100) * 100, LEAST_GOAL), MOST_GOAL))


def advise(days: Sequence[Day], age_band: str, goal: int | None) -> list[Advice]:
    """What to say to this person now, the most useful first; at most three."""
    known = sorted(days)
    target = target_of(age_band)
    if len(known) < LEAST_DAYS:
        return [Advice("begin", {"count": LEAST_DAYS - len(known)})]
    week = known[-7:]
    mean = sum(day.steps for day in week) / len(week)
    rows: list[Advice] = []
    short = target.steps - mean
    if short <= 0:
        rows.append(Advice("keep", {"steps": round(mean), "target": target.steps}))
    elif short <= 2 * TEN_MINUTES:
        rows.append(Advice("ten_minutes", {"short": round(short), "minutes": max(10, round(short / TEN_MINUTES) * 10)}))
    elif goal is not None:
        rows.append(Advice("step_by_step", {"goal": goal, "target": target.steps}))
    low = [day for day in week if day.steps < mean / 2]
    if low:
        rows.append(Advice("quiet_days", {"count": len(low)}))
    met_hours = met_hours_of(sum(day.minutes for day in week))
    if met_hours < target.met_hours:
        missing = (target.met_hours - met_hours) / (MET["walking_brisk"])
        rows.append(
            Advice("stronger", {"met": round(met_hours, 1), "target": target.met_hours, "hours": round(missing, 1)})
        )
    return rows[:3]


def met_hours_of(minutes: float, activity: str = "walking") -> float:
    """MET-hours of so many minutes of an activity of the table."""
    return MET[activity] * minutes / 60
