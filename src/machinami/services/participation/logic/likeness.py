"""Does the rule of budgeting choose what another program chose of the same elections?

What the other program chose comes as a JSON document, made outside: {"by": "NAME VERSION", "choices": [{"election":
"FILE.pb", "measure": "cost" or "points", "chosen": ["1", "7"]}]}. measure: what a voter has of a project that is done,
its cost or the ballot's points, as in `methods.equal_shares`. Choices are those of equal shares alone, without what is
left given out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from machinami.foundation.errors import InputError
from machinami.methods.equal_shares import Election, Measure, equal_shares

MEASURES: tuple[Measure, ...] = ("cost", "points")


@dataclass(frozen=True, slots=True)
class Told:
    """What the other program chose of one election."""

    election: str
    measure: Measure
    chosen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Likeness:
    """One election held against it. ties: how often the name alone decided here; other: projects chosen by one of the
    two alone."""

    told: Told
    ties: int
    other: tuple[str, ...]


def read_reference(data: bytes) -> tuple[str, list[Told]]:
    """Who chose, and what. Raises InputError saying what is wrong with the document."""
    try:
        document = orjson.loads(data)
        rows = [_told(row["election"], row["measure"], row["chosen"]) for row in document["choices"]]
        return str(document["by"]), rows
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"--reference is no document of choices ({error!r}); see docs/participation.md") from None


def _told(election: object, measure: Measure, chosen: Sequence[object]) -> Told:
    if measure not in MEASURES:
        raise InputError(f"--reference: the measure {measure!r} of {election} is none of {', '.join(MEASURES)}")
    return Told(str(election), measure, frozenset(str(one) for one in chosen))


def held_against(of: Election, told: Told) -> Likeness:
    """How equal shares of an election stand to what was told of it."""
    outcome = equal_shares(of, told.measure)
    return Likeness(told, outcome.ties, tuple(sorted(told.chosen ^ set(outcome.chosen))))
