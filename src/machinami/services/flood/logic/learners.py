"""How does each kind of committee member learn, and what would it have said about times held out?

Heavy: imports the tree library, so only training does it.
"""

from typing import Any, NamedTuple

import lightgbm
import numpy as np

from machinami.methods.regression import ridge_from, standard_of, standardised
from machinami.methods.series import Floats
from machinami.methods.trees import Forest, Ints
from machinami.services.flood.logic.features import Cases
from machinami.services.flood.logic.members import (
    LINEAR_LIMIT,
    Member,
    linear_design,
    state_of,
    tree_design,
)

MOST_TREE_ROWS = 8_000
TREES = 120
TREE_SETTINGS: dict[str, Any] = {
    "objective": "regression",
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 40,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.5,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
}


EXTRA_SETTINGS: dict[str, Any] = {"extra_trees": True, "num_leaves": 16, "min_data_in_leaf": 20}


class Recipe(NamedTuple):
    """A row of the committee: its kind, what it reads, what it is scaled by, penalties to choose from.

    Kinds: linear; trees; extra (trees with thresholds drawn at random); residual (trees on what a linear
    member leaves over; the linear one is scaled, the trees are not).
    """

    name: str
    kind: str
    groups: tuple[str, ...]
    scaled_by: str
    penalties: tuple[float, ...]


class Lesson(NamedTuple):
    """What there is to learn from: cases, outcomes, and blocks (rows to learn from, rows held out)."""

    cases: Cases
    target: Floats
    parts: tuple[tuple[Ints, Ints], ...]
    seed: int


class Learned(NamedTuple):
    """A learned recipe: the members to add up, and the forecasts made for each block without having seen it."""

    members: tuple[Member, ...]
    held_out: Floats


def choose_columns(cases: Cases, groups: tuple[str, ...]) -> Ints:
    """Return the positions of the columns that belong to the groups."""
    return np.array([i for i, group in enumerate(cases.groups) if group in groups], dtype=np.int64)


def learn(recipe: Recipe, lesson: Lesson) -> Learned:
    """Learn one recipe from all blocks, and from all but each."""
    if recipe.kind == "linear":
        return learn_linear(recipe, lesson)[0]
    if recipe.kind in ("trees", "extra"):
        return learn_trees(recipe, lesson, np.zeros((len(lesson.parts) + 1, len(lesson.target))))
    first, inside = learn_linear(recipe, lesson)
    second = learn_trees(recipe._replace(scaled_by=""), lesson, inside)
    return Learned(first.members + second.members, first.held_out + second.held_out)


def learn_linear(recipe: Recipe, lesson: Lesson) -> tuple[Learned, Floats]:
    """Learn a ridge regression, its penalty chosen on held-out blocks.

    Also returns what the regression of each block (and, last, of all) says about every row, (parts + 1, n).
    Normal equations add up over rows, so leaving a block out is a subtraction.
    """
    columns = choose_columns(lesson.cases, tuple(g for g in recipe.groups if g != "state"))
    design = linear_design(lesson.cases, columns, recipe.scaled_by)
    standard = standard_of(design)
    table = standardised(design, standard, LINEAR_LIMIT)
    gram, moment = table.T @ table, table.T @ lesson.target
    best: tuple[float, Learned, Floats] | None = None
    without = []
    for inside, _ in lesson.parts:
        away = np.ones(len(table), dtype=bool)
        away[inside] = False
        without.append((gram - table[away].T @ table[away], moment - table[away].T @ lesson.target[away], len(inside)))
    for penalty in recipe.penalties:
        solved = [ridge_from(*each, penalty) for each in without]
        solved.append(ridge_from(gram, moment, len(table), penalty))
        said = np.stack([table @ coefficients for coefficients in solved])
        held_out = np.zeros(len(table))
        for i, (_, outside) in enumerate(lesson.parts):
            held_out[outside] = said[i, outside]
        error = float(((held_out - lesson.target) ** 2).mean())
        if best is None or error < best[0]:
            member = Member(recipe.name, recipe.scaled_by, columns, standard, solved[-1], None)
            best = (error, Learned((member,), held_out), said)
    assert best is not None
    return best[1], best[2]


def learn_trees(recipe: Recipe, lesson: Lesson, explained: Floats) -> Learned:
    """Learn a few small trees on what is not explained yet (parts + 1, n), relative to the state.

    Rows are weighted so that the squares stay those of the increments themselves.
    """
    settings = {**TREE_SETTINGS, "seed": lesson.seed, **(EXTRA_SETTINGS if recipe.kind == "extra" else {})}
    columns = choose_columns(lesson.cases, recipe.groups)
    state = state_of(lesson.cases, recipe.scaled_by)
    chosen, weight = thinned(lesson.cases.stir, lesson.seed)
    weight = weight * state[chosen] ** 2
    design = tree_design(lesson.cases, columns, recipe.scaled_by)
    standard = standard_of(design)
    table = standardised(design, standard)
    data = lightgbm.Dataset(
        table[chosen], label=lesson.target[chosen], weight=weight, params=TREE_SETTINGS, free_raw_data=False
    )
    data.construct()
    held_out = np.zeros(len(table))
    for i, (inside, outside) in enumerate(lesson.parts):
        known = np.flatnonzero(np.isin(chosen, inside, assume_unique=True))
        label = (lesson.target - explained[i])[chosen[known]] / state[chosen[known]]
        booster = boosted(data.subset(known.tolist()), label, weight[known], settings)
        held_out[outside] = np.asarray(booster.predict(table[outside])) * state[outside]
    label = (lesson.target - explained[-1])[chosen] / state[chosen]
    forest = forest_of(boosted(data, label, weight, settings))
    return Learned((Member(recipe.name, recipe.scaled_by, columns, standard, np.zeros(0), forest),), held_out)


def boosted(data: lightgbm.Dataset, label: Floats, weight: Floats, settings: dict[str, Any]) -> lightgbm.Booster:
    """Grow the trees for the given outcomes and weights."""
    data.construct()
    data.set_label(label)
    data.set_weight(weight / weight.mean())
    return lightgbm.train(settings, data, num_boost_round=TREES)


def thinned(stir: Floats, seed: int) -> tuple[Ints, Floats]:
    """Choose at most MOST_TREE_ROWS rows, stirred ones first; calm ones stand for their like by weight."""
    if len(stir) <= MOST_TREE_ROWS:
        return np.arange(len(stir)), np.ones(len(stir))
    chance = np.clip(0.1 + stir, 0.0, 4.0)
    chance = chance / chance.sum() * MOST_TREE_ROWS
    for _ in range(20):
        sure = chance >= 1.0
        spare = MOST_TREE_ROWS - sure.sum()
        chance = np.where(sure, 1.0, chance * spare / max(float(chance[~sure].sum()), 1e-12))
    chance = np.minimum(chance, 1.0)
    chosen = np.flatnonzero(np.random.default_rng(seed).random(len(stir)) < chance)
    return chosen, 1.0 / chance[chosen]


def forest_of(booster: lightgbm.Booster) -> Forest:
    """Lay a learned booster out as plain arrays."""
    trees = [laid_out(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    size = max(len(nodes) for nodes in trees)
    column, left, right = (np.zeros((len(trees), size), dtype=np.int64) for _ in range(3))
    threshold, value = (np.zeros((len(trees), size)) for _ in range(2))
    for i, nodes in enumerate(trees):
        for j, node in enumerate(nodes):
            column[i, j], threshold[i, j], left[i, j], right[i, j], value[i, j] = node
    return Forest(column, threshold, left, right, value)


def laid_out(root: dict[str, Any]) -> list[tuple[int, float, int, int, float]]:
    """Flatten one nested tree into rows (column, threshold, left, right, value); row 0 is the root."""
    waiting = [root]
    rows: list[tuple[int, float, int, int, float]] = []
    while len(rows) < len(waiting):
        part = waiting[len(rows)]
        here = len(rows)
        if "split_feature" in part:
            left = len(waiting)
            waiting += [part["left_child"], part["right_child"]]
            rows.append((int(part["split_feature"]), float(part["threshold"]), left, left + 1, 0.0))
        else:
            rows.append((0, np.inf, here, here, float(part.get("leaf_value", 0.0))))
    return rows
