"""How many people are there, by several roads that all err, and how many will there be?

A state-space model: people come and go, which a gate counts with a share of misses; now and then somebody counts by
hand; cards show a share of those present. The Kalman filter (Kalman 1960, doi:10.1115/1.3662552) joins what is known,
each road with its own variance, and says how sure it is. What will be is told by a damped trend of the logarithm
(Gardner & McKenzie 1985, doi:10.1287/mnsc.31.10.1237), the length of whose memory is chosen at each moment by how the
choices did up to then, carrying the last count forward being one of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

import numpy as np

from machinami.methods.series import Floats

Road = Literal["gate", "hand", "card"]
HOUR = 3_600.0
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Sureness:
    """How wrong each road is: shares of what is counted (a standard deviation each), and how restless people are."""

    hand: float = 0.04
    """Of a count by hand."""
    gate: float = 0.25
    """Of each person who passes the gate: how often one is missed or counted twice, squared per passing."""
    card_share: float = 0.6
    """What part of those present have shown a card, where no count by hand tells."""
    card: float = 0.15
    """Of what the cards say once divided by that share."""
    unseen: float = 0.5
    """People who come or go by no road, per hour and √person."""


class Told(NamedTuple):
    """What one road says at a moment (seconds): `hand` and `card` persons present, `gate` who came in and went out
    since it last spoke."""

    at: float
    road: Road
    value: float = 0.0
    inward: float = 0.0
    outward: float = 0.0


class Count(NamedTuple):
    """How many there are (persons) at a moment, with the standard deviation; `share` by cards, as learned."""

    at: float
    persons: float
    deviation: float
    share: float

    def within(self, z: float = 1.2816) -> tuple[float, float]:
        """The interval of z standard deviations, none below nobody; 1.2816 spans 80 %."""
        return max(0.0, self.persons - z * self.deviation), self.persons + z * self.deviation


def fuse(told: Sequence[Told], sureness: Sureness | None = None) -> list[Count]:
    """The count after each thing told, in order of time. What is told of one moment is taken in the order gate, hand,
    card, so that the order in which it arrived does not matter."""
    sure = sureness or Sureness()
    order = {"gate": 0, "hand": 1, "card": 2}
    found: list[Count] = []
    state: Count | None = None
    for one in sorted(told, key=lambda t: (t.at, order[t.road], t.value, t.inward, t.outward)):
        state = _first(one, sure) if state is None else _learned(_moved(state, one, sure), one, sure)
        found.append(state)
    return found


def _first(one: Told, sure: Sureness) -> Count:
    persons, deviation = _seen(one, sure, sure.card_share)
    if one.road == "gate":
        persons = max(0.0, one.inward - one.outward)
        deviation = math.sqrt(sure.gate**2 * (one.inward + one.outward) + 1.0)
    return Count(one.at, persons, deviation, sure.card_share)


def _seen(one: Told, sure: Sureness, share: float) -> tuple[float, float]:
    if one.road == "card":
        persons = one.value / share
        return persons, sure.card * persons + 1.0
    return one.value, sure.hand * one.value + 0.5


def _moved(state: Count, one: Told, sure: Sureness) -> Count:
    """The state at the moment of what is told: by the gate's passings, else as it was, less sure."""
    hours = max(0.0, one.at - state.at) / HOUR
    variance = state.deviation**2 + sure.unseen**2 * (state.persons + 1.0) * hours
    persons = state.persons
    if one.road == "gate":
        persons = max(0.0, persons + one.inward - one.outward)
        variance += sure.gate**2 * (one.inward + one.outward)
    return state._replace(at=one.at, persons=persons, deviation=math.sqrt(variance))


def _learned(state: Count, one: Told, sure: Sureness) -> Count:
    if one.road == "gate":
        return state
    persons, deviation = _seen(one, sure, state.share)
    gain = state.deviation**2 / (state.deviation**2 + deviation**2)
    share = state.share
    if one.road == "card" and state.persons > 0:
        # The share is learned slowly, and only as far as the rest of what is known is surer than the cards.
        share += 0.3 * (1.0 - gain) * (min(1.0, max(0.05, one.value / state.persons)) - share)
    return Count(
        one.at,
        max(0.0, state.persons + gain * (persons - state.persons)),
        math.sqrt(1.0 - gain) * state.deviation,
        share,
    )


class Ahead(NamedTuple):
    """What is expected at a moment to come (seconds), in persons, and by which memory (days; 0: as it was last)."""

    at: float
    persons: float
    memory: float


@dataclass(frozen=True, slots=True)
class Habit:
    """One way of looking ahead: over how many days the trend is taken, how it is damped a day (1: not at all)."""

    memory: float
    damping: float


CARRIED = Habit(0.0, 0.0)
HABITS = (CARRIED, *(Habit(*pair) for pair in product((7.0, 14.0, 28.0), (0.9, 0.97, 1.0))))


def look_ahead(seconds: Floats, counts: Floats, ahead: float, habits: Sequence[Habit] = HABITS) -> list[Ahead]:
    """What was expected at each moment for `ahead` seconds later, by the habit that had done best until then.

    Each habit is judged by the absolute errors of what it had said whose time had come, later ones weighing more
    (half after five weeks); the first, carrying forward, is used until five could be judged. Nothing of the future of
    a moment is used for it.
    """
    said = np.array([[_by(habit, seconds, counts, at, ahead) for at in range(len(seconds))] for habit in habits])
    found: list[Ahead] = []
    for at, now in enumerate(seconds.tolist()):
        due = [one for one in range(at) if seconds[one] + ahead <= now]
        chosen = 0
        if len(due) >= 5:
            came = np.interp(seconds[due] + ahead, seconds[: at + 1], counts[: at + 1])
            weight = 0.5 ** ((now - seconds[due]) / (35 * DAY))
            chosen = int(np.argmin((np.abs(said[:, due] - came) * weight).sum(axis=1)))
        found.append(Ahead(now + ahead, float(said[chosen, at]), habits[chosen].memory))
    return found


def _by(habit: Habit, seconds: Floats, counts: Floats, at: int, ahead: float) -> float:
    """What one habit says at a moment, of what was known by then."""
    last = float(counts[at])
    if habit.memory == 0.0 or last <= 0.0:
        return last
    recent = (seconds[: at + 1] > seconds[at] - habit.memory * DAY - 1.0) & (counts[: at + 1] > 0)
    days, logs = (seconds[: at + 1][recent] - seconds[at]) / DAY, np.log(counts[: at + 1][recent])
    if len(days) < 3 or np.ptp(days) < habit.memory / 3:
        return last
    slope = float(np.polyfit(days, logs, 1)[0])
    horizon = ahead / DAY
    damped = horizon if habit.damping == 1.0 else (1.0 - habit.damping**horizon) / -math.log(habit.damping)
    return last * math.exp(min(2.0, max(-2.0, slope * damped)))
