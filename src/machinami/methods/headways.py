"""When should vehicles leave, so that people wait least for the same trips of the same vehicles?

People come to a stop as the demand says, and take the first vehicle of any line that takes them where they go. Who
waits for the same lines at the same stop is one group. All times are whole minutes; people of one minute wait from its
middle. For one line the best departures are found by dynamic programming, exactly, since what is waited between two
departures depends on these two alone; several lines take turns until none can gain (a local optimum).

With demand λ(t) and free departures the headway follows 1/√λ (Newell 1971, doi:10.1287/trsc.5.1.91).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from machinami.methods.series import Floats

Ints = NDArray[np.int64]
NONE = -1


class Group(NamedTuple):
    """People who wait at one stop for the same lines. offsets: for each line that serves them, the minutes from each
    trip's start to this stop; begin, end: within which they are counted; rates: people by hour, for each demand."""

    offsets: dict[int, Ints]
    begin: int
    end: int
    rates: Floats


class Chain(NamedTuple):
    """The trips (line, number) of one vehicle in order, and the least minutes between the end of each and the next."""

    trips: tuple[tuple[int, int], ...]
    pauses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """What is planned: today's starts of each line's trips in order (minutes), how long each trip takes, the vehicles,
    the groups, how far a start may move, the least minutes between two starts of a line, and by how many minutes the
    longest gap of a line may grow."""

    starts: tuple[Ints, ...]
    lengths: tuple[Ints, ...]
    chains: tuple[Chain, ...]
    groups: tuple[Group, ...]
    shift: int = 20
    least: int = 2
    slack: int = 10
    minutes: int = 32 * 60


Starts = tuple[Ints, ...]


class _Sums(NamedTuple):
    """By group and minute: people who came before it, and the sum of the times at which they came."""

    people: Floats
    times: Floats


def sums_of(lines: Lines, weights: Sequence[float]) -> _Sums:
    """Add up the demands, each with its weight."""
    mixed = np.array([np.tensordot(np.asarray(weights), group.rates, 1) for group in lines.groups])
    by_minute = np.repeat(mixed / 60.0, 60, axis=1)[:, : lines.minutes]
    clock = np.arange(lines.minutes)
    for number, group in enumerate(lines.groups):
        by_minute[number, (clock < group.begin) | (clock >= group.end)] = 0.0
    before = np.zeros((len(mixed), 1))
    people = np.concatenate([before, np.cumsum(by_minute, axis=1)], axis=1)
    return _Sums(people, np.concatenate([before, np.cumsum(by_minute * (clock + 0.5), axis=1)], axis=1))


def waiting(lines: Lines, starts: Starts, sums: _Sums) -> float:
    """The minutes that all people wait together."""
    total = 0.0
    for number, group in enumerate(lines.groups):
        calls = np.sort(np.concatenate([starts[line] + offset for line, offset in group.offsets.items()]))
        calls = np.concatenate([[group.begin], calls[(calls > group.begin) & (calls < group.end)], [group.end]])
        people, times = sums.people[number, calls], sums.times[number, calls]
        total += float(calls[1:] @ np.diff(people) - np.diff(times).sum())
    return total


def least_possible(lines: Lines, sums: _Sums) -> float:
    """A bound: less than this all people together wait under no retiming within the bounds, whatever vehicles allow.

    Each group is served as if for it alone. Whatever the trips' times, the k-th call at its stop is not before the k-th
    smallest of their earliest times nor after the k-th smallest of their latest; of all times within these the best
    are found by dynamic programming.
    """
    low, high = [starts - lines.shift for starts in lines.starts], [starts + lines.shift for starts in lines.starts]
    for line, starts in enumerate(lines.starts):
        low[line][[0, -1]] = high[line][[0, -1]] = starts[[0, -1]]
    for chain in lines.chains:
        (first, out), (last, home) = chain.trips[0], chain.trips[-1]
        low[first][out] = max(low[first][out], lines.starts[first][out])
        high[last][home] = min(high[last][home], lines.starts[last][home])
    total = 0.0
    for number, group in enumerate(lines.groups):
        earliest, latest = (
            np.sort(np.concatenate([bound[line] + offset for line, offset in group.offsets.items()]))
            for bound in (low, high)
        )
        calls = [np.arange(one, other + 1) for one, other in zip(earliest, latest, strict=True)]
        within = [np.unique(np.clip(minutes, group.begin, group.end)) for minutes in calls]
        total += _least(within, group, sums.people[number], sums.times[number])
    return total


def _least(calls: Sequence[Ints], group: Group, people: Floats, times: Floats) -> float:
    """The least that a group can wait where each call in turn is at one of its minutes."""
    at, cost = np.array([group.begin]), np.zeros(1)
    for here in (*calls, np.array([group.end])):
        step = here[None, :] * (people[here][None, :] - people[at][:, None]) - (
            times[here][None, :] - times[at][:, None]
        )
        cost = np.where(here[None, :] >= at[:, None], cost[:, None] + step, np.inf).min(axis=0)
        at = here
    return float(cost.min())


def best_line(lines: Lines, starts: Starts, line: int, sums: _Sums, phase: int = 0) -> Ints:
    """The best starts of one line while all others stay. phase: of two trips of the line that one vehicle makes in
    turn, which may move."""
    own = starts[line]
    windows = _windows(lines, starts, line, phase)
    longest = int(np.diff(lines.starts[line]).max(initial=0)) + lines.slack
    members = [number for number, group in enumerate(lines.groups) if line in group.offsets]
    if len(own) < 3 or not members:
        return own
    table = _Table.of(lines, starts, line, members, sums)
    cost = np.zeros(len(windows[0]))
    back: list[Ints] = []
    for trip in range(1, len(own)):
        before, here = windows[trip - 1], windows[trip]
        step = table.between(trip, before, here)
        gap = here[None, :] - before[:, None]
        today = int(lines.starts[line][trip] - lines.starts[line][trip - 1])
        allowed = (gap >= min(lines.least, today)) & (gap <= longest)
        stands = (before[:, None] == own[trip - 1]) & (here[None, :] == own[trip])
        total = np.where(allowed | stands, cost[:, None] + step, np.inf)
        chosen = total.argmin(axis=0)
        back.append(chosen)
        cost = total[chosen, np.arange(len(here))]
    at = int(cost.argmin())
    found = [int(windows[-1][at])]
    for trip in range(len(own) - 2, -1, -1):
        at = int(back[trip][at])
        found.append(int(windows[trip][at]))
    return np.array(found[::-1], dtype=np.int64)


def _windows(lines: Lines, starts: Starts, line: int, phase: int) -> list[Ints]:
    """The minutes at which each trip of a line may start: the first and the last as today, each vehicle's trips in
    their order, and no vehicle out earlier or later than today."""
    today, own = lines.starts[line], starts[line]
    low, high = today - lines.shift, today + lines.shift
    low[[0, -1]] = high[[0, -1]] = today[[0, -1]]
    for chain in lines.chains:
        for place, (one, trip) in enumerate(chain.trips):
            if one != line:
                continue
            if place == 0:
                low[trip] = max(low[trip], today[trip])
            else:
                other, number = chain.trips[place - 1]
                free = starts[other][number] + lines.lengths[other][number] + chain.pauses[place - 1]
                low[trip] = max(low[trip], free)
                if other == line and place % 2 == phase:
                    low[trip] = high[trip] = own[trip]
            if place == len(chain.trips) - 1:
                high[trip] = min(high[trip], today[trip])
            else:
                other, number = chain.trips[place + 1]
                high[trip] = min(high[trip], starts[other][number] - lines.lengths[line][trip] - chain.pauses[place])
                if other == line and place % 2 == phase:
                    low[trip] = high[trip] = own[trip]
    low, high = np.minimum(low, own), np.maximum(high, own)
    return [np.arange(one, other + 1) for one, other in zip(low.tolist(), high.tolist(), strict=True)]


class _Table(NamedTuple):
    """What is needed to say what is waited between two departures of a line: the members' sums, when another line
    called last, what was waited for others until then, and the line's offsets (members, trips)."""

    people: Floats
    times: Floats
    last: Ints
    waited: Floats
    offsets: Ints
    begin: Ints
    end: Ints

    @classmethod
    def of(cls, lines: Lines, starts: Starts, line: int, members: Sequence[int], sums: _Sums) -> "_Table":
        """Gather it for one line."""
        people, times = sums.people[members], sums.times[members]
        last = np.full(people.shape, NONE, dtype=np.int64)
        waited = np.zeros(people.shape)
        for row, number in enumerate(members):
            group = lines.groups[number]
            calls = [starts[one] + offset for one, offset in group.offsets.items() if one != line]
            if not calls:
                continue
            at = np.unique(np.clip(np.concatenate(calls), group.begin, group.end))
            following = np.searchsorted(at, np.arange(people.shape[1]), side="right")
            last[row] = np.where(following > 0, at[np.maximum(following - 1, 0)], NONE)
            due = at[np.minimum(following, len(at) - 1)][:-1]
            waited[row, 1:] = np.cumsum(due * np.diff(people[row]) - np.diff(times[row]))
        offsets = np.array([lines.groups[number].offsets[line] for number in members])
        ends = np.array([[lines.groups[n].begin, lines.groups[n].end] for n in members])
        return cls(people, times, last, waited, offsets, ends[:, 0], ends[:, 1])

    def between(self, trip: int, before: Ints, here: Ints) -> Floats:
        """What all members wait between the trip before and this one, for all pairs of starts (before, here)."""
        row = np.arange(len(self.people))
        left = np.clip(before[:, None] + self.offsets[None, :, trip - 1], self.begin, self.end)
        came = np.clip(here[:, None] + self.offsets[None, :, trip], self.begin, self.end)
        other = self.last[row, came]
        until = np.maximum(left[:, None, :], other[None, :, :])
        by_others = np.where(
            until > left[:, None, :], self.waited[row, until] - self.waited[row, left][:, None, :], 0.0
        )
        people = self.people[row, came][None] - self.people[row, until]
        times = self.times[row, came][None] - self.times[row, until]
        step: Floats = (np.where(came[None] > until, came[None] * people - times, 0.0) + by_others).sum(axis=2)
        return step


def improved(lines: Lines, starts: Starts, weights: Sequence[float], sweeps: int) -> Starts:
    """Have the lines take turns, each best while the others stay, until none gains or the sweeps are done."""
    sums = sums_of(lines, weights)
    current = list(starts)
    for sweep in range(sweeps):
        moved = False
        for line in range(len(current)):
            found = best_line(lines, tuple(current), line, sums, sweep % 2)
            if (found != current[line]).any():
                current[line] = found
                moved = True
        if not moved and sweep % 2:
            break
    return tuple(current)


class Proposal(NamedTuple):
    """Starts of every line, and what people wait (minutes) under each demand, today and then."""

    starts: Starts
    today: tuple[float, ...]
    then: tuple[float, ...]

    @property
    def gain(self) -> float:
        """How much less is waited under the first demand, as a share."""
        return 1.0 - self.then[0] / self.today[0] if self.today[0] else 0.0


def propose(lines: Lines, rounds: int = 6, sweeps: int = 4) -> Proposal:
    """The least waiting found under the first demand that is worse than today under none of the others.

    The others are given prices (a Lagrangian), raised while they are worse than today and lowered while there is room;
    of what was found on the way, the best that keeps all is taken. Where nothing does, that is today's timetable.
    """
    demands = lines.groups[0].rates.shape[0] if lines.groups else 1
    apart = [sums_of(lines, np.eye(demands)[number].tolist()) for number in range(demands)]
    today = tuple(waiting(lines, lines.starts, sums) for sums in apart)
    best = Proposal(lines.starts, today, today)
    prices = np.full(demands, 0.3)
    prices[0] = 1.0
    current = lines.starts
    for number in range(rounds):
        current = improved(lines, current, (prices / np.maximum(today, 1e-9)).tolist(), sweeps)
        then = tuple(waiting(lines, current, sums) for sums in apart)
        worse = np.array([(b - a) / max(a, 1e-9) for a, b in zip(today, then, strict=True)])
        if worse[1:].max(initial=0.0) <= 1e-12 and then[0] < best.then[0]:
            best = Proposal(current, today, then)
        prices[1:] = np.maximum(0.0, prices[1:] * np.exp(np.clip(60.0 * worse[1:], -1.0, 1.0)) + 0.02 * (number == 0))
    return best
