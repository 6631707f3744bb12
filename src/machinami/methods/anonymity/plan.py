"""What is to be made of data about people: which columns, how coarse, by which method, and how safe it must be?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from machinami.methods.anonymity import ladders
from machinami.methods.anonymity.ladders import PLAIN, Ladder

LEAST_K, MOST_K = 3, 1_000
MOST_COLUMNS = 8


class Method(StrEnum):
    """How people are protected."""

    TABLE = "table"  # counts, with small cells held back
    ROWS = "rows"  # a row for each person, k-anonymous and l-diverse
    NOISE = "noise"  # counts with noise: differential privacy


class Part(StrEnum):
    """What a column is."""

    KNOWN = "known"  # others may know it of a person (quasi-identifier); of a table: what is counted by
    TIME = "time"  # when: people are counted anew in each
    SENSITIVE = "sensitive"  # others must not learn it of a person
    MEASURE = "measure"  # a number of each person, told as a mean


@dataclass(frozen=True, slots=True)
class Column:
    """A column. step: how coarse it is in a table. domain: every value that there can be, for noise and for zeros.

    cap: of a measure, the most that one person counts for. title: in each language, as (language, text).
    """

    name: str
    part: Part
    ladder: Ladder = PLAIN
    step: int = 0
    domain: tuple[str, ...] = ()
    cap: float = 0.0
    title: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made. k: fewest people of a group; l: fewest sensitive values in it; width: between how many
    numbers a count that is held back must be open; share: how much of a mean one person may make up (0 to 1);
    hold_back: the share of rows that may be held back; epsilon: what noise may tell of one person."""

    columns: tuple[Column, ...]
    method: Method = Method.TABLE
    k: int = 10
    l: int = 1  # noqa: E741  # the field's own name
    width: int = 5
    share: float = 0.5
    hold_back: float = 0.05
    epsilon: float = 0.0

    def places(self, *parts: Part) -> list[int]:
        """Where the columns of these parts stand."""
        return [at for at, column in enumerate(self.columns) if column.part in parts]

    def titles(self, language: str) -> list[str]:
        """What the columns are called."""
        return [dict(column.title).get(language, column.name) for column in self.columns]


def faults(plan: Plan) -> Iterator[tuple[str, str]]:
    """What is wrong with a plan in itself: where, and what and how to mend it."""
    if not plan.places(Part.KNOWN):
        yield "columns", "name a column by which people are grouped (known)"
    if len(plan.columns) > MOST_COLUMNS:
        yield "columns", f"give {MOST_COLUMNS} columns at most: the more are told, the surer somebody is found"
    names = [column.name for column in plan.columns]
    if len(set(names)) < len(names) or not all(names):
        yield "columns", "give each column a name of its own"
    if not LEAST_K <= plan.k <= MOST_K:
        yield "k", f"k is a whole number from {LEAST_K} to {MOST_K}; many towns take 10"
    if not 1 <= plan.width <= plan.k:
        yield "width", "width is a whole number from 1 to k"
    if not 0 < plan.share <= 1:
        yield "share", "share is a number above 0 and up to 1, as 0.5"
    if not 0 <= plan.hold_back <= 0.5:
        yield "holdBack", "holdBack is the share of rows that may be held back, from 0 to 0.5"
    if len(plan.places(Part.TIME)) > 1:
        yield "columns", "only one column says when"
    for column in plan.columns:
        yield from _faults_of(column, plan)
    yield from _faults_of_method(plan)


def _faults_of(column: Column, plan: Plan) -> Iterator[tuple[str, str]]:
    fault = ladders.faults(column.ladder)
    if fault is not None:
        yield column.name, fault
    if not 0 <= column.step <= column.ladder.top:
        yield column.name, f"step is a whole number from 0 to {column.ladder.top}"
    if column.part is Part.TIME and not (column.ladder.grains and column.step):
        yield column.name, "say by which grain of time: hour, day, month or year"
    if (
        column.part is Part.MEASURE
        and plan.method is Method.NOISE
        and not (math.isfinite(column.cap) and column.cap > 0)
    ):
        yield column.name, "with noise, a measure has a cap: the most that one person counts for"
    if plan.method is Method.NOISE and column.part in (Part.KNOWN, Part.TIME) and not column.domain:
        yield column.name, "with noise, list every value that there can be (domain), whether anybody has it or not"


def _faults_of_method(plan: Plan) -> Iterator[tuple[str, str]]:
    sensitive, measures = plan.places(Part.SENSITIVE), plan.places(Part.MEASURE)
    if plan.method is Method.ROWS:
        if len(sensitive) > 1:
            yield "columns", "give one sensitive column at most; l is about one"
        if plan.l > 1 and not sensitive:
            yield "l", "l needs a column that is sensitive"
        if measures:
            yield "columns", "rows of persons have no measures; make it a known or a sensitive column"
        if plan.places(Part.TIME):
            yield "columns", "rows of persons are of one time: set from and to instead"
        if plan.l < 1:
            yield "l", "l is a whole number, 1 or more"
        return
    if sensitive:
        yield "columns", "a table has no sensitive column: count by it, or leave it out"
    if plan.method is Method.NOISE and not 0 < plan.epsilon <= 10:
        yield "epsilon", "epsilon is a number above 0 and up to 10; 1 or less protects well"
