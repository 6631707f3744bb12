"""What was made of what is known of people: a table, an account of its safety, and who is in which cell of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from machinami.methods.anonymity.measures import Key
from machinami.methods.anonymity.plan import Part, Plan


@dataclass(frozen=True, slots=True)
class Block:
    """What is (or will be) known of some people at one time. members: the cell of each, by a name that is the same in
    every block; told: the cells and margins whose counts are told (ANY stands for a sum over a column); silent: cells
    that are shown to be held back, and so are not empty."""

    name: str
    members: Mapping[str, Key]
    told: tuple[Key, ...]
    silent: tuple[Key, ...] = ()


class Unit(NamedTuple):
    """What is known of one person at one time. name: the same for the same person and time, whatever is made of it."""

    name: str
    values: tuple[object, ...]  # one for each column of the plan


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is to be known of a release, as a sentence of the catalogue: its kind and its facts. passed: False
    where it keeps the release from going out; None where it only informs."""

    kind: str
    passed: bool | None
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What was made. rows: as they would be told, None where something is held back; blocks: who is in which cell, and
    what is told of it, to be held against what is made later; withheld: cells or rows that are held back."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    withheld: int
    remarks: tuple[Remark, ...]
    blocks: tuple[Block, ...]

    @property
    def is_safe(self) -> bool:
        """Whether nothing keeps it from going out."""
        return all(remark.passed is not False for remark in self.remarks)


def remark(kind: str, passed: bool | None = None, **facts: object) -> Remark:
    """A remark with its facts as texts."""
    return Remark(kind, passed, tuple((name, _text(value)) for name, value in facts.items()))


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def domain(values: Sequence[Sequence[str]]) -> list[Key]:
    """Every cell that there can be."""
    return list(product(*values))


def header_of(plan: Plan) -> tuple[str, ...]:
    keyed = [plan.columns[at].name for at in (*plan.places(Part.TIME), *plan.places(Part.KNOWN))]
    return (*keyed, "people", *(plan.columns[at].name for at in plan.places(Part.MEASURE)))


def values_of(plan: Plan, at: int, units: Iterable[Unit]) -> list[float]:
    cap = plan.columns[at].cap
    found = [float(value) for unit in units if isinstance(value := unit.values[at], int | float)]
    return [min(max(value, 0.0), cap) for value in found] if cap else found


def rounded(mean: float) -> float:
    """Three figures: enough for a mean of people, too few to work one of them out."""
    found = float(f"{mean:.3g}")
    return int(found) if found.is_integer() else found
