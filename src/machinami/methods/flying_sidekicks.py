"""How does one truck with drones on board serve every customer soonest, itself back at the depot with all its drones?

The multiple flying sidekicks travelling salesman problem (Murray & Raj 2020, doi:10.1016/j.trc.2019.11.003): at every
stop the driver launches, takes in and delivers one after the other; a drone serves one customer a sortie and is taken
in at a later stop of the truck, hovering while its energy lasts.

The search goes forward over partial tours: one more stop of the truck, with every choice of which drones to take in,
which to launch to whom, and in which order. Of partial tours that served the same customers, stand at the same place
and have the same drones in the air, the few best are kept, and of all that served equally many, the `width` best:
dynamic programming that forgets. It proves nothing; what it finds is checked by `sidekick_check`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations
from typing import NamedTuple

from machinami.foundation.errors import InputError
from machinami.methods.drone_flight import Drone, Leg, endurance, great_circle, leg

SAME = 3
"""So many partial tours are kept of those that differ by their times alone."""
FEW = 3
"""Up to so many deeds at a stop are tried in every order; more in a few sensible ones."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done. Node 0 is the depot, the others are customers: `places` (latitude, longitude) in degrees,
    `parcels` in kg, `truck[i][j]` seconds on the road, `delivery` seconds that the driver needs at a customer.
    `grounded` nodes are served by no drone (a no-fly area, say); `least_stops`: of the truck at customers."""

    places: Sequence[tuple[float, float]]
    parcels: Sequence[float]
    truck: Sequence[Sequence[float]]
    delivery: float
    drone: Drone
    drones: int
    least_stops: int = 0
    grounded: frozenset[int] = frozenset()


class Sortie(NamedTuple):
    """One flight: from a stop of the truck to a customer and on to a later stop (0: the depot), with the moments in
    seconds at which its launch was done and its recovery began."""

    drone: int
    start: int
    customer: int
    end: int
    launched: float
    recovered: float


class Stop(NamedTuple):
    """One stop of the truck: when it came, when its own delivery began, and when it left."""

    node: int
    arrived: float
    served: float
    left: float


@dataclass(frozen=True, slots=True)
class Tour:
    """What every vehicle does; `seconds` until all are back. The stops begin and end at node 0."""

    stops: tuple[Stop, ...]
    sorties: tuple[Sortie, ...]
    seconds: float


class _Air(NamedTuple):
    """A drone in the air: launched where, to whom, when its launch was done."""

    start: int
    customer: int
    launched: float


class _Part(NamedTuple):
    """A partial tour, the truck about to leave a node; `deeds` are what was done there, `before` the tour up to it."""

    at: float
    node: int
    seen: int
    air: tuple[_Air, ...]
    stops: int
    before: "_Part | None"
    deeds: tuple[tuple[str, _Air | None, float], ...]
    arrived: float


@dataclass(slots=True)
class _World:
    """A task worked out: flight times, endurances, least times on the road over every set of customers."""

    task: Task
    fly: list[list[Leg]]
    stays: dict[tuple[int, int, int], float]
    reach: list[list[int]]
    road: list[list[float]]
    must: int
    ways: dict[tuple[int, int], float] = field(default_factory=dict)

    def way(self, node: int, left: int) -> float:
        """The least seconds on the road from a node over a set of customers to the depot."""
        key = (node, left)
        if key not in self.ways:
            rest = [n for n in range(1, len(self.road)) if left >> n & 1]
            self.ways[key] = (
                min(self.road[node][n] + self.way(n, left & ~(1 << n)) for n in rest) if rest else self.road[node][0]
            )
        return self.ways[key]


def fly_and_drive(task: Task, widths: Sequence[int] = (40, 100), weights: Sequence[float] = (0.35, 0.6)) -> Tour:
    """The best tour that was found, searching with each width and weight in turn. A weight says how much of the road
    over the customers that are left counts in judging a partial tour. Raises InputError where nobody can be served."""
    world = _worked_out(task)
    best: _Part | None = None
    for width in widths:
        for weight in weights:
            best = _search(world, width, weight, best)
    if best is None:
        raise InputError("no tour serves every customer; allow fewer stops at least, or a longer search")
    return _told(task, best)


def _worked_out(task: Task) -> _World:
    count = len(task.places)
    if len(task.parcels) != count or len(task.truck) != count or task.drones < 0:
        raise InputError("places, parcels and road times must be of the same nodes")
    fly = [[leg(task.drone, great_circle(a, b) if a != b else 0.0) for b in task.places] for a in task.places]
    stays: dict[tuple[int, int, int], float] = {}
    reach: list[list[int]] = [[] for _ in range(count)]
    light = [
        n for n in range(1, count) if task.drones and n not in task.grounded and task.parcels[n] <= task.drone.payload
    ]
    for start in range(count):
        for customer in light:
            for end in range(count):
                if customer in (start, end) or (start == end and start != 0):
                    continue
                stay = endurance(task.drone, fly[start][customer], fly[customer][end], task.parcels[customer])
                if stay is not None:
                    stays[start, customer, end] = stay
            if any((start, customer, end) in stays for end in range(count)):
                reach[start].append(customer)
    road = [list(row) for row in task.truck]
    for via in range(count):
        for a in range(count):
            for b in range(count):
                road[a][b] = min(road[a][b], road[a][via] + road[via][b])
    must = sum(1 << n for n in range(1, count) if not any(n in served for served in reach))
    return _World(task, fly, stays, reach, road, must)


def _search(world: _World, width: int, weight: float, best: _Part | None) -> _Part | None:
    """One search; `best` is the best whole tour so far, which cuts off what cannot be better."""
    task = world.task
    count, everyone = len(task.places) - 1, (1 << len(task.places)) - 2
    levels: list[dict[tuple[int, int, frozenset[int]], list[tuple[float, _Part]]]] = [{} for _ in range(count + 1)]
    for part in _at_depot(world):
        _keep(levels, part, 0.0)
    for level in range(count + 1):
        kept = sorted((one for shelf in levels[level].values() for one in shelf), key=lambda one: one[0])[:width]
        for _, part in kept:
            limit = math.inf if best is None else best.at
            if part.seen == everyone:
                done = _home(world, part)
                best = done if done is not None and done.at < limit - 1e-9 else best
                continue
            for further in _extended(world, part):
                left = everyone & ~further.seen
                if _bound(world, further, left) < limit - 1e-9:
                    _keep(levels, further, _judged(world, further, left, weight))
    return best


def _keep(
    levels: list[dict[tuple[int, int, frozenset[int]], list[tuple[float, _Part]]]], part: _Part, worth: float
) -> None:
    key = (part.node, part.seen, frozenset(one.customer for one in part.air))
    shelf = levels[part.seen.bit_count()].setdefault(key, [])
    if len(shelf) < SAME:
        shelf.append((worth, part))
    elif worth < shelf[-1][0]:
        shelf[-1] = (worth, part)
    else:
        return
    shelf.sort(key=lambda one: one[0])


def _bound(world: _World, part: _Part, left: int) -> float:
    """What no completion can be sooner than."""
    driver = world.task.delivery * left.bit_count() + world.task.drone.recovery * len(part.air)
    return part.at + world.way(part.node, left & world.must) + driver


def _judged(world: _World, part: _Part, left: int, weight: float) -> float:
    """How late a partial tour looks: what is sure, and a part of the road over whoever is left."""
    sure = _bound(world, part, left)
    hoped = sure + weight * (world.way(part.node, left) - world.way(part.node, left & world.must))
    task = world.task
    ends = [0, *(n for n in range(1, len(task.places)) if left >> n & 1)]
    late = []
    for one in part.air:
        done = one.launched + world.fly[one.start][one.customer].seconds + task.drone.delivery
        late.append(done + min(world.fly[one.customer][n].seconds + world.road[n][0] for n in ends))
    return max([hoped, *late]) + 1e-3 * sum(late)


def _at_depot(world: _World) -> Iterator[_Part]:
    """The tour begins: which drones are launched at the depot, and to whom."""
    task = world.task
    most = min(task.drones, _flights_left(task, 0))
    for count in range(most + 1):
        for chosen in permutations(world.reach[0], count):
            air = tuple(_Air(0, one, (n + 1) * task.drone.launch) for n, one in enumerate(chosen))
            at = count * task.drone.launch
            seen = sum(1 << one for one in chosen)
            yield _Part(at, 0, seen, air, 0, None, tuple(("launch", one, one.launched) for one in air), 0.0)


def _flights_left(task: Task, flown: int) -> int:
    return len(task.places) - 1 - task.least_stops - flown


def _extended(world: _World, part: _Part) -> Iterator[_Part]:
    """Every next stop of the truck with what may be done there."""
    task = world.task
    flown = part.seen.bit_count() - part.stops
    for node in range(1, len(task.places)):
        if part.seen >> node & 1:
            continue
        arrived = part.at + task.truck[part.node][node]
        seen = part.seen | 1 << node
        coming = [one for one in part.air if _due(world, one, node, arrived) is not None]
        for taken_count in range(len(coming) + 1):
            for taken in combinations(coming, taken_count):
                rest = tuple(one for one in part.air if one not in taken)
                free = min(task.drones - len(rest), _flights_left(task, flown))
                open_to = [n for n in world.reach[node] if not seen >> n & 1]
                for count in range(min(free, len(open_to)) + 1):
                    for chosen in combinations(open_to, count):
                        yield from _stopped(world, part, (node, arrived), taken, rest, chosen)


def _due(world: _World, one: _Air, node: int, not_before: float) -> tuple[float, float] | None:
    """From when until when a drone can be taken in at a node; None: not at all."""
    stay = world.stays.get((one.start, one.customer, node))
    if stay is None or one.launched + stay < not_before:
        return None
    fly = world.fly
    come = one.launched + fly[one.start][one.customer].seconds + world.task.drone.delivery
    return come + fly[one.customer][node].seconds, one.launched + stay


def _stopped(
    world: _World,
    part: _Part,
    stop: tuple[int, float],
    taken: Sequence[_Air],
    rest: tuple[_Air, ...],
    chosen: Sequence[int],
) -> Iterator[_Part]:
    """The ways of doing what was chosen at one stop: each order of taking in, launching and delivering that works."""
    task, (node, arrived) = world.task, stop
    seen = part.seen | 1 << node | sum(1 << one for one in chosen)
    left = ((1 << len(task.places)) - 2) & ~seen
    board = task.drones - len(part.air)
    told: set[tuple[float, ...]] = set()
    for order in _orders(world, node, taken, chosen):
        done = _timed(world, node, arrived, order, board)
        if done is None:
            continue
        at, deeds = done
        air = rest + tuple(one for kind, one, _ in deeds if kind == "launch" and one is not None)
        mark = (at, *(one.launched for one in air))
        if mark in told or not all(_can_land(world, one, node, at, left) for one in air):
            continue
        told.add(mark)
        yield _Part(at, node, seen, air, part.stops + 1, part, deeds, arrived)


_Deed = tuple[str, _Air | None, int]


def _orders(world: _World, node: int, taken: Sequence[_Air], chosen: Sequence[int]) -> Iterator[Sequence[_Deed]]:
    """Orders of the deeds at a stop that are worth a try."""
    come = {one: _due(world, one, node, 0.0) or (0.0, 0.0) for one in taken}
    soonest = sorted(taken, key=lambda one: come[one][0])
    takes: list[_Deed] = [("take", one, 0) for one in soonest]
    launches: list[_Deed] = [("launch", None, one) for one in chosen]
    serve: list[_Deed] = [("serve", None, 0)]
    if len(takes) + len(launches) < FEW:
        yield from permutations([*serve, *takes, *launches])
        return
    far = sorted(launches, key=lambda one: -world.fly[node][one[2]].seconds)
    for going in (far, far[::-1]):
        yield from (
            [*going, *serve, *takes],
            [*takes, *serve, *going],
            [*serve, *takes, *going],
            [*going, *takes, *serve],
        )
        yield from ([*serve, *going, *takes], [*takes, *going, *serve])
        if takes and going:
            yield [*takes[:1], *going[:1], *serve, *takes[1:], *going[1:]]
            yield [*going[:-1], *serve, *takes, *going[-1:]]


def _timed(
    world: _World, node: int, arrived: float, order: Sequence[_Deed], board: int
) -> tuple[float, tuple[tuple[str, _Air | None, float], ...]] | None:
    """When the driver has done the deeds in this order; None where a drone would fall, or is not there to launch."""
    task, at = world.task, arrived
    deeds: list[tuple[str, _Air | None, float]] = []
    for kind, one, customer in order:
        if kind == "serve":
            deeds.append((kind, None, at))
            at += task.delivery
        elif kind == "take" and one is not None:
            due = _due(world, one, node, at)
            if due is None:
                return None
            at = max(at, due[0])
            deeds.append((kind, one, at))
            at += task.drone.recovery
            board += 1
        else:
            if board == 0:
                return None
            at += task.drone.launch
            board -= 1
            deeds.append(("launch", _Air(node, customer, at), at))
    return at, tuple(deeds)


def _can_land(world: _World, one: _Air, node: int, at: float, left: int) -> bool:
    """Whether there is a stop yet to come at which the drone can be taken in."""
    return any(
        _due(world, one, n, at + world.road[node][n]) is not None
        for n in range(len(world.road)) if n == 0 or left >> n & 1
    )  # fmt: skip


def _home(world: _World, part: _Part) -> _Part | None:
    """The tour with the truck back at the depot and every drone taken in there; None where one cannot be."""
    arrived = part.at + world.task.truck[part.node][0]
    best: _Part | None = None
    for order in permutations(part.air):
        done = _timed(world, 0, arrived, [("take", one, 0) for one in order], 0)
        if done is not None and (best is None or done[0] < best.at):
            best = _Part(done[0], 0, part.seen, (), part.stops, part, done[1], arrived)
    return best


def _told(task: Task, last: _Part) -> Tour:
    """The whole tour, each sortie with the number of its drone."""
    parts: list[_Part] = []
    one: _Part | None = last
    while one is not None:
        parts.append(one)
        one = one.before
    board, flying = list(range(task.drones)), dict[_Air, int]()
    stops, sorties = list[Stop](), list[Sortie]()
    for part in reversed(parts):
        served = next((at for kind, _, at in part.deeds if kind == "serve"), part.arrived)
        stops.append(Stop(part.node, part.arrived, served, part.at))
        for kind, air, at in part.deeds:
            if kind == "launch" and air is not None:
                flying[air] = board.pop(0)
            elif air is not None:
                drone = flying.pop(air)
                board.append(drone)
                sorties.append(Sortie(drone, air.start, air.customer, part.node, air.launched, at))
    return Tour(tuple(stops), tuple(sorties), last.at)
