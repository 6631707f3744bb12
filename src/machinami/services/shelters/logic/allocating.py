"""Which depot should give how much of what to which shelter, so that the worst-off shelter is as well off as can be?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from machinami.methods.fair_allocation import Shares, Sharing, share_by_need, share_fairly, unmet_of
from machinami.services.shelters.logic.consumption import BY_ID
from machinami.services.shelters.logic.ways import Reach
from machinami.services.shelters.model import Moved, ReliefOrder, Remark

LEVELS = 4
"""How many of the largest unmet shares are made least one by one before the sum of all."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed: the rows; the largest unmet share with it and if each depot shared by need; the share of all
    that is asked for that is met; what an officer must know; the orders that are in it."""

    rows: tuple[Moved, ...]
    worst: float
    worst_by_need: float
    met: float
    remarks: tuple[Remark, ...]
    orders: tuple[str, ...]


def propose(
    orders: Sequence[ReliefOrder], stock: Mapping[str, Mapping[str, float]], ways: Mapping[tuple[str, str], Reach]
) -> Proposal | None:
    """Share out what the depots hold (depot -> item -> units) over what was asked for; None where nothing was."""
    asked = [one for one in orders if one.state == "asked" and one.item in BY_ID and one.ref_place and one.quantity]
    if not asked:
        return None
    places = sorted({str(one.ref_place) for one in asked})
    items = sorted({str(one.item) for one in asked})
    depots = sorted(stock)
    need = np.zeros((len(places), len(items)))
    for one in asked:
        need[places.index(str(one.ref_place)), items.index(str(one.item))] += math.ceil(one.quantity or 0.0)
    remarks = _remarks(places, depots, ways)
    ids = tuple(sorted(one.id for one in asked))
    if not depots:
        return Proposal((), 1.0, 1.0, 0.0, remarks, ids)
    reach = [[ways.get((depot, place), Reach("none", 0.0, 0.0)) for place in places] for depot in depots]
    task = Sharing(
        np.array([[max(0.0, math.floor(stock[depot].get(item, 0.0))) for item in items] for depot in depots]),
        need,
        np.array([[one.kilograms for one in row] for row in reach]),
        np.array([[one.seconds / 60.0 + 1.0 for one in row] for row in reach]),
        np.array([BY_ID[item].kilograms for item in items]),
    )
    fair, plain = share_fairly(task, LEVELS), share_by_need(task)
    rows = _rows(fair, depots, places, items)
    met = 1.0 - float(_left(task, fair).sum() / need.sum())
    return Proposal(rows, fair.worst, plain.worst, met, remarks, ids)


def _left(task: Sharing, shares: Shares) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return unmet_of(task, shares.amounts) * task.need


def _rows(shares: Shares, depots: Sequence[str], places: Sequence[str], items: Sequence[str]) -> tuple[Moved, ...]:
    return tuple(
        Moved(depot=depots[d], shelter=places[p], item=items[i], quantity=float(shares.amounts[d, p, i]))
        for d, p, i in np.argwhere(shares.amounts > 0.5).tolist()
    )


def _remarks(places: Sequence[str], depots: Sequence[str], ways: Mapping[tuple[str, str], Reach]) -> tuple[Remark, ...]:
    """What is to be known of the places that no truck reaches, and why drones do not come in."""
    found: list[Remark] = []
    for place in places:
        reach = [ways[depot, place] for depot in depots if (depot, place) in ways]
        if any(one.way == "truck" for one in reach):
            continue
        found.append(Remark(place=place, why="cut_off"))
        found += [Remark(place=place, why=f"drone_{why}") for why in sorted({one.why for one in reach if one.why})]
        if not any(one.way in ("boat", "drone") for one in reach):
            found.append(Remark(place=place, why="no_way"))
    return tuple(found)
