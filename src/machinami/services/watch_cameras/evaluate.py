"""Are cameras chosen to proof, and is what they see what a plain way says? On an invented town and on known problems.

The invented town has 2,000 buildings, 200 poles in eight directions each and 2,000 points in ten districts; it is made
by the seed and by nothing that was tuned on it.
"""

import time
from collections.abc import Mapping

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.covering_program import Wish
from machinami.methods.line_of_sight import clear
from machinami.methods.maximal_covering import fairest_covering, greedy_covering, maximal_covering
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.methods.set_cover import cheapest_cover
from machinami.methods.visibility import Lens, Poses, seen
from machinami.services.watch_cameras.logic.plain import plainly_clear
from machinami.services.watch_cameras.logic.published import problem_of, problems_of
from machinami.services.watch_cameras.logic.seeded import City, random_lines, seeded_city

WITHOUT_TABLE = True
ARGUMENTS = (
    Argument(
        "setcover", "folder", "set cover problems of the OR-Library (scp41.txt …) with a .csv of optima", pattern="*.*"
    ),
    Argument("seed", "text", "number that makes the invented town", default="1"),
    Argument("rays", "text", "lines of sight that are worked out in both ways", default="100000"),
    Argument("cameras", "text", "cameras that the budget pays for on poles of their own", default="30"),
)
LENS = Lens(103.0, 56.0, 40.0)
DIRECTIONS, TILT, PRICE, POLE_PRICE = 8, 20.0, 180_000.0, 90_000.0
PROOF = 120.0  # s
LIMIT = 300.0


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score the invented town, and whatever known problems were given."""
    seed, rays, cameras = (_whole(options, name) for name in ("seed", "rays", "cameras"))
    checks: list[Check] = []
    if table.documents:
        checks += _set_covers(table.documents, progress)
    city = seeded_city(seed)
    checks += _lines(city, seed, rays)
    checks += _plans(city, cameras)
    note = f"{len(city.blocks)} buildings, {len(city.poles)} poles × {DIRECTIONS} directions, {len(city.points)} points"
    return Report("watch_cameras", tuple(checks), len(city.points), (note,))


def _whole(options: Mapping[str, str], name: str) -> int:
    said = options.get(name) or next(one.default for one in ARGUMENTS if one.name == name)
    if not said.isdigit():
        raise InputError(f"--{name} {said!r} is no whole number")
    return int(said)


def _set_covers(documents: Mapping[str, bytes], progress: Progress) -> list[Check]:
    problems = problems_of(documents)
    checks = []
    for number, (name, data, least) in enumerate(problems):
        found = cheapest_cover(*problem_of(data, name))
        gap = found.cost / least - 1.0 if found.proven else None
        checks.append(Check(f"set_cover_gap_{name}", gap, "1", 1e-9, most=True))
        progress(number + 1, len(problems))
    return [Check("set_covers_tried", float(len(problems)), "1"), *checks]


def _lines(city: City, seed: int, count: int) -> list[Check]:
    starts, ends = random_lines(city, seed, count)
    free = clear(city.scene, starts, ends)
    same = free == plainly_clear(city.blocks, starts, ends)
    return [
        Check("rays", float(count), "1"),
        Check("rays_clear", float(free.mean()), "1"),
        Check("rays_equal", float(same.mean()), "1", 1.0),
    ]


def _plans(city: City, cameras: int) -> list[Check]:
    began = time.perf_counter()
    count = len(city.poles)
    poses = Poses(
        np.repeat(np.arange(count), DIRECTIONS),
        np.tile(np.arange(DIRECTIONS) * 360.0 / DIRECTIONS, count),
        np.full(count * DIRECTIONS, TILT),
    )
    sees = seen(city.scene, city.poles, poses, city.points, LENS)
    looked = time.perf_counter()
    wish = Wish(
        sees, city.weights, np.full(len(sees), PRICE), cameras * (PRICE + POLE_PRICE), city.districts,
        bases=poses.poles, base_costs=np.full(count, POLE_PRICE), most=2,
    )  # fmt: skip
    best = maximal_covering(wish, LIMIT)
    proved = time.perf_counter()
    greedy = greedy_covering(wish)
    fair_from = time.perf_counter()
    fair = fairest_covering(wish, LIMIT)
    fair_until = time.perf_counter()
    return [
        Check("candidates", float(len(sees)), "1"),
        Check("visibility_seconds", looked - began, "s"),
        Check("proof_seconds", proved - began, "s", PROOF, most=True),
        Check("gap", (best.bound - best.value) / best.value, "1", 0.0, most=True),
        Check("covered", best.value / float(city.weights.sum()), "1"),
        Check("greedy_of_optimum", greedy.value / best.value, "1", 1.0, most=True),
        Check("fairest_seconds", looked - began + fair_until - fair_from, "s", PROOF, most=True),
        Check("fairest_proven", float(fair.proven), "1", 1.0),
        Check("fairest_of_optimum", fair.value / best.value, "1", 1.0, most=True),
        Check("least_share_without_fairness", float(np.nanmin(best.shares)), "1"),
        Check("least_share_when_fairest", float(np.nanmin(fair.shares)), "1"),
    ]
