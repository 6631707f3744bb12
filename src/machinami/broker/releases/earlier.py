"""What was told before of the same people, against which a new release is held?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from machinami.broker.releases.shelf import (
    MEMBERS,
    published,
)
from machinami.broker.releases.version import Description, read_block
from machinami.broker.town import Town
from machinami.methods.anonymity.made import Block, Remark, remark
from machinami.methods.anonymity.plan import Method


@dataclass(frozen=True, slots=True)
class Work:
    """What making needs of the machine. run: has a function, named by its address, computed elsewhere; zone: the town's
    time zone; chance: so many random bytes."""

    run: Callable[..., Awaitable[Any]]
    zone: tzinfo
    chance: Callable[[int], bytes]


async def earlier_than(town: Town, description: Description) -> tuple[dict[str, list[Block]], tuple[Remark, ...], int]:
    """What was told before of the same people: by its name; what speaks against this one at once; and how many."""
    found: dict[str, list[Block]] = {}
    clashes: list[Remark] = []
    out = await published(town)
    for one in out:
        other = one.description
        if other.source.group != description.source.group or other.plan.method is Method.NOISE:
            continue
        if not _overlap(other, description):
            continue
        if other.is_of_persons and description.is_of_persons:
            clashes.append(remark("twice", False, other=one.name, period=other.source.period))
        elif (other.grain, _span(other)) != (description.grain, _span(description)):
            clashes.append(remark("grain", False, other=one.name, period=other.source.period, grain=other.grain or "-"))
        else:
            kept = town.store.record(MEMBERS, one.key)
            found[one.name] = [read_block(record) for record in (kept or {"blocks": ()})["blocks"]]
    return found, tuple(clashes), len(out)


async def told_otherwise(town: Town, description: Description) -> list[str]:
    """What is out of the same people and times the other way, by name: tables beside noise, and noise beside tables.

    Neither counts against the other. What noise tells more of one person than all else that anybody knows stays within
    its epsilon, whatever that is (Dwork and Roth 2014, 2.3.1); but it tells something of cells that a table holds back.
    """
    is_noise = description.plan.method is Method.NOISE
    return [
        one.name
        for one in await published(town)
        if one.description.source.group == description.source.group
        and (one.description.plan.method is Method.NOISE) is not is_noise
        and _overlap(one.description, description)
    ]


def _span(description: Description) -> str:
    """What must be the same for two releases to be held against each other; by a grain, each time is by itself."""
    return "" if description.grain else description.source.period


def _overlap(one: Description, other: Description) -> bool:
    a, b = one.source, other.source
    return not (a.moment and b.moment) or (a.since < b.until and b.since < a.until)
