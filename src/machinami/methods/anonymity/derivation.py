"""What follows from published counts? The smallest group of people that can be worked out of them, and how closely a
count that was not published can be narrowed.

A published count is the sum of parts: the people who are alike in everything that was ever published of them. A set of
parts follows from what is published where its indicator is a linear combination of published counts; the smallest
such set is found by a mixed-integer programme, and proven. Bounds of single parts are linear programmes (Fischetti and
Salazar-González 2000; Hundepool et al., Statistical Disclosure Control, 2012, 4.3). Who works it out is taken to know
which parts are empty, which is more than anybody does.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

Parts = frozenset[int]
_SECONDS = 20.0
_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class System:
    """counts: people of each part, none of them 0. told: of which parts each published count is the sum.

    silent: sums of parts that are known not to be 0, though they are not told: suppressed cells.
    """

    counts: tuple[int, ...]
    told: tuple[Parts, ...]
    silent: tuple[Parts, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A set of people that can be worked out. proven: whether no smaller one can be; where it is not, there may be one
    of `count` people."""

    count: int
    parts: Parts
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Between which numbers the count of some parts must lie, by all that is published."""

    parts: Parts
    low: int
    high: int

    @property
    def width(self) -> int:
        """How many numbers more than one it may be."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class _Component:
    """Parts that hang together: bundles of them that are always told together, and the sums that are told of these."""

    bundles: tuple[Parts, ...]
    counts: tuple[int, ...]
    sums: tuple[frozenset[int], ...]


def smallest_group(system: System, seconds: float = _SECONDS) -> Group | None:
    """The smallest group of people, one at least, that follows from what is told; None where nothing is told."""
    known, components = _reduced(system)
    found = [Group(sum(system.counts[part] for part in bundle), bundle) for bundle in known]
    found += [group for one in components if (group := _smallest_of(one, seconds)) is not None]
    return min(found, key=lambda group: (group.count, sorted(group.parts)), default=None)


def narrowed(system: System, below: int, targets: Collection[Parts] = ()) -> Iterator[Narrowed]:
    """Between which numbers each part must lie that has fewer people than `below`, and each target."""
    known, components = _reduced(system)
    fixed = {part: bundle for bundle in known for part in bundle}
    small = [frozenset((part,)) for part, count in enumerate(system.counts) if count < below]
    for wanted in dict.fromkeys([*targets, *small]):
        count = sum(system.counts[part] for part in wanted)
        if any(bundle <= wanted for bundle in known) and wanted <= fixed.keys():
            yield Narrowed(wanted, count, count)
            continue
        low, high = 0, 0
        inside = False
        for one in components:
            places = {at for at, bundle in enumerate(one.bundles) if bundle & wanted}
            if places:
                inside = True
                first, last = _bounds(one, places, system, wanted)
                low, high = low + first, high + last
        if inside:
            yield Narrowed(wanted, low, high)


def behind(system: System, group: Parts) -> list[int]:
    """Which of the told counts are needed to work the group out: their places in `told`."""
    parts = sorted(frozenset().union(*system.told))
    place = {part: at for at, part in enumerate(parts)}
    matrix = np.zeros((len(parts), len(system.told)))
    for column, told in enumerate(system.told):
        matrix[[place[part] for part in told], column] = 1
    wanted = np.array([float(part in group) for part in parts])
    weights = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return [at for at, weight in enumerate(weights) if abs(weight) > _EXACT]


def _reduced(system: System) -> tuple[list[Parts], list[_Component]]:
    """What is known outright, one by one, and what is left, in parts that have nothing to do with each other."""
    known: list[Parts] = []
    gone: set[int] = set()
    while True:
        signature: defaultdict[int, set[int]] = defaultdict(set)
        sums = {told - gone for told in system.told} - {frozenset()}
        ordered = sorted(sums, key=lambda parts: (len(parts), sorted(parts)))
        for at, told in enumerate(ordered):
            for part in told:
                signature[part].add(at)
        bundles: defaultdict[frozenset[int], set[int]] = defaultdict(set)
        for part, places in signature.items():
            bundles[frozenset(places)].add(part)
        alone = [parts for parts in bundles.values() if frozenset(parts) in sums]
        if not alone:
            return known, _components([frozenset(parts) for parts in bundles.values()], ordered, system.counts)
        for parts in alone:
            known.append(frozenset(parts))
            gone |= parts


def _components(bundles: Sequence[Parts], sums: Sequence[Parts], counts: Sequence[int]) -> list[_Component]:
    home: dict[int, int] = {part: at for at, bundle in enumerate(bundles) for part in bundle}
    leader = list(range(len(bundles)))

    def root(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    for told in sums:
        places = [root(home[part]) for part in told]
        for place in places[1:]:
            leader[root(place)] = root(places[0])
    together: defaultdict[int, list[int]] = defaultdict(list)
    for at in range(len(bundles)):
        together[root(at)].append(at)
    found = []
    for members in together.values():
        number = {at: place for place, at in enumerate(members)}
        own = [frozenset(number[home[part]] for part in told) for told in sums if home[next(iter(told))] in number]
        inside = tuple(bundles[at] for at in members)
        found.append(_Component(inside, tuple(sum(counts[part] for part in one) for one in inside), tuple(own)))
    return found


def _matrix(component: _Component) -> np.ndarray:
    matrix = np.zeros((len(component.sums), len(component.bundles)))
    for row, told in enumerate(component.sums):
        matrix[row, sorted(told)] = 1
    return matrix


def _smallest_of(component: _Component, seconds: float) -> Group | None:
    """The smallest group within a component: x is 0 or 1 for each bundle, and a combination of what is told."""
    matrix = _matrix(component)
    rows, columns = matrix.shape
    counts = np.array(component.counts, float)
    links = LinearConstraint(np.hstack([np.eye(columns), -matrix.T]), 0, 0)
    somebody = LinearConstraint(np.concatenate([counts, np.zeros(rows)])[None, :], 1, np.inf)
    answer = milp(
        np.concatenate([counts, np.zeros(rows)]),
        constraints=[links, somebody],
        integrality=np.concatenate([np.ones(columns), np.zeros(rows)]),
        bounds=Bounds(
            np.concatenate([np.zeros(columns), np.full(rows, -np.inf)]),
            np.concatenate([np.ones(columns), np.full(rows, np.inf)]),
        ),
        options={"time_limit": seconds},
    )
    if answer.status == 2:  # there is none
        return None
    if answer.status == 0:
        chosen = [at for at in range(columns) if answer.x[at] > 0.5]
        return Group(round(float(counts[chosen].sum())), frozenset().union(*(component.bundles[at] for at in chosen)))
    bound = getattr(answer, "mip_dual_bound", None)
    least = 1 if bound is None or not math.isfinite(bound) else max(1, math.ceil(bound - _EXACT))
    return Group(least, frozenset().union(*component.bundles), proven=False)


def _bounds(component: _Component, places: set[int], system: System, wanted: Parts) -> tuple[int, int]:
    """Between which numbers the wanted parts lie; of a bundle that is wanted in part, it may be all or none."""
    matrix = _matrix(component)
    told = matrix @ np.array(component.counts, float)
    home = {part: at for at, bundle in enumerate(component.bundles) for part in bundle}
    silent = [sorted({home[part] for part in one}) for one in system.silent if one and one <= home.keys()]
    lower = np.zeros((len(silent), matrix.shape[1]))
    for row, members in enumerate(silent):
        lower[row, members] = -1
    whole = [at for at in places if component.bundles[at] <= wanted]
    ends = []
    for sign, chosen in ((1.0, whole), (-1.0, sorted(places))):
        aim = np.zeros(matrix.shape[1])
        aim[chosen] = sign
        answer = linprog(
            aim,
            A_ub=lower if silent else None,
            b_ub=-np.ones(len(silent)) if silent else None,
            A_eq=matrix,
            b_eq=told,
            bounds=(0, None),
        )
        ends.append(sign * float(answer.fun))
    return math.ceil(ends[0] - _EXACT), math.floor(ends[1] + _EXACT)
