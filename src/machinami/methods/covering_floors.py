"""What must be spent at least, wherever it is spent, so that each group has what it needs of what is covered?

The cost of a choice (and of what it stands on) that several groups see from is parted between them; then each group is
solved by itself, which is small, and the least costs add up to a bound for all: Lagrangean decomposition (Guignard &
Kim 1987, doi:10.1007/BF02592954). Each least cost is a limit that every whole plan keeps and that parts of choices do
not. First parted by what each group sees of it; then, step by step, who wants a choice takes over from who does not.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from machinami.methods.covering_program import (
    INFEASIBLE,
    SLACK,
    Bools,
    Ints,
    Program,
    Row,
    Wish,
    bases_of,
    least_of,
    program_of,
)
from machinami.methods.series import Floats

PARTS = 8
"""Into how many parts a cost is parted: few, so that sums of them are few and a bound below the next one is a proof."""


class Floor(NamedTuple):
    """What one group's needs cost at least by these prices of choices and of bases, and what was picked for it."""

    prices: Floats
    base_prices: Floats
    least: float
    picked: tuple[int, ...]


class Parts(NamedTuple):
    """How many of PARTS of the cost of each choice and of each base each group (rows) bears."""

    choices: Ints
    bases: Ints


class Floors:
    """The parted costs of a wish, which get better with use, and what is known by them."""

    def __init__(self, wish: Wish, kept: Bools) -> None:
        assert wish.groups is not None
        self._wish = wish
        count = int(wish.groups.max(initial=-1)) + 1
        self.programs: list[Program] = [program_of(wish, kept, wish.groups == group) for group in range(count)]
        bases = bases_of(wish)[0]
        seen = np.zeros((count, len(wish.costs)))
        for group, program in enumerate(self.programs):
            inside = wish.groups == group
            seen[group, program.choices] = wish.covers[program.choices][:, inside] @ wish.weights[inside]
        stood = np.zeros((count, len(bases_of(wish)[1])))
        for group in range(count):
            np.add.at(stood[group], bases, seen[group])
        self._parts, self._base_parts = parted(seen), parted(stood)
        self._known: dict[tuple[int, float, bytes, bytes], Floor | None] = {}
        self.tried: Bools = np.zeros(len(wish.costs), dtype=np.bool_)
        """The choices that were picked for any group so far."""

    def at(self, needs: Floats, seconds: float) -> list[Floor] | None:
        """The floor of each group that needs something; None where one cannot have what it needs."""
        found: list[Floor] = []
        wanting = np.flatnonzero(needs > 0).tolist()
        for group in wanting:
            floor = self._floor(group, float(needs[group]), seconds / len(wanting))
            if floor is None:
                return None
            found.append(floor)
        return found

    def shift(self, floors: Sequence[Floor], needs: Floats, tries: int = 0) -> bool:
        """Who picked a choice takes a part of its cost over from who has one and did not; False where all agree.

        tries: how often that led to nothing better from these very parts; then fewer of them are moved at once."""
        wanting = np.flatnonzero(needs > 0).tolist()
        picked = np.zeros(self._parts.shape, dtype=np.bool_)
        for group, floor in zip(wanting, floors, strict=True):
            picked[group, list(floor.picked)] = True
        bases = bases_of(self._wish)[0]
        stood = np.zeros(self._base_parts.shape, dtype=np.bool_)
        for group in wanting:
            stood[group, bases[picked[group]]] = True
        moved = _shifted(self._parts, picked, tries)
        return _shifted(self._base_parts, stood, tries) or moved

    def shifted(
        self, needs: Floats, rounds: Sequence[list[Floor]], times: int, enough: float, seconds: float
    ) -> list[list[Floor]]:
        """Rounds of floors, by what they come to: those given and as many more as told, each from costs parted anew.
        Empty where one is more than enough, or a group cannot have what it needs."""
        found, parts, tries = list(rounds), self.parts(), 0
        best = total(found[-1]) if found else -1.0
        for _ in range(times):
            floors = self.at(needs, seconds / times)
            if floors is None or total(floors) > enough:
                return []
            found.append(floors)
            if total(floors) > best + SLACK:
                best, parts, tries = total(floors), self.parts(), 0
            else:
                self.part_as(parts)
                floors, tries = max(found, key=total), tries + 1
            if not self.shift(floors, needs, tries):
                break
        self.part_as(parts)
        return sorted(found, key=total)

    def parts(self) -> Parts:
        """How costs are parted now."""
        return Parts(self._parts.copy(), self._base_parts.copy())

    def part_as(self, parts: Parts) -> None:
        """Part costs as they were before."""
        self._parts, self._base_parts = (one.copy() for one in parts)

    def _floor(self, group: int, need: float, seconds: float) -> Floor | None:
        program, base_costs = self.programs[group], bases_of(self._wish)[1]
        parts, base_parts = self._parts[group], self._base_parts[group]
        key = (group, need, parts.tobytes(), base_parts.tobytes())
        if key not in self._known:
            prices, base_prices = self._wish.costs * parts / PARTS, base_costs * base_parts / PARTS
            limit = Row(program.gain(), need - SLACK)
            told = least_of(program, program.row(prices, base_prices), [limit], seconds)
            picked = told.chosen or ()
            self.tried[list(picked)] = True
            least = max(told.bound, 0.0)
            self._known[key] = None if told.status == INFEASIBLE else Floor(prices, base_prices, least, picked)
        return self._known[key]


def total(floors: Sequence[Floor]) -> float:
    """What floors come to."""
    return sum(floor.least for floor in floors)


def rows_of(program: Program, floors: Sequence[Floor]) -> list[Row]:
    """The floors as limits of a program."""
    rows = [(program.row(one.prices, one.base_prices), one.least) for one in floors]
    return [Row(values, least - SLACK * (1.0 + float(values.max(initial=0.0)))) for values, least in rows]


def parted(seen: Floats) -> Ints:
    """PARTS of each column between the rows by what they see, whole and together PARTS where anything is seen."""
    whole = seen.sum(axis=0)
    exact = np.divide(seen * PARTS, whole, out=np.zeros_like(seen), where=whole > 0)
    parts = np.floor(exact).astype(np.int64)
    left = np.where(whole > 0, PARTS - parts.sum(axis=0), 0)
    order = np.argsort(-(exact - parts), axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    return np.asarray(parts + (rank < left), dtype=np.int64)


def _shifted(parts: Ints, picked: Bools, tries: int) -> bool:
    """Move one part of columns from a row that has some and did not pick it to one that did."""
    gives = np.where(picked, 0, parts)
    moving = np.flatnonzero(picked.any(axis=0) & (gives.max(axis=0, initial=0) > 0))[tries :: tries + 1]
    if not len(moving):
        return False
    parts[gives[:, moving].argmax(axis=0), moving] -= 1
    takes = np.where(picked, parts, np.iinfo(np.int64).max)
    parts[takes[:, moving].argmin(axis=0), moving] += 1
    return True
