"""What does a set of regression trees, given as plain arrays, say about a case?

Trees are learned in a worker process with a heavy library; they are applied here with numpy alone, so the
process that serves the town never loads that library.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from machinami.methods.series import Floats

Ints = NDArray[np.int64]


class Forest(NamedTuple):
    """Trees laid side by side: (trees, nodes) arrays; a leaf points to itself and carries the value."""

    column: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats


def depth_of(forest: Forest) -> int:
    """Return how many questions the deepest tree asks."""
    trees = forest.column.shape[0]
    if trees == 0:
        return 0
    depth = 0
    rows = np.arange(trees)[:, None]
    here = np.zeros((trees, 1), dtype=np.int64)
    while True:
        below = np.concatenate([forest.left[rows, here], forest.right[rows, here]], axis=1)
        if np.array_equal(np.concatenate([here, here], axis=1), below):
            return depth
        here, depth = below, depth + 1


def grown(forest: Forest, table: Floats) -> Floats:
    """Return the sum over all trees for each row of `table` (n, columns); a value ≤ threshold goes left."""
    rows = len(table)
    total = np.zeros(rows)
    depth = depth_of(forest)
    every = np.arange(rows)
    for tree in range(forest.column.shape[0]):
        here = np.zeros(rows, dtype=np.int64)
        for _ in range(depth):
            goes_left = table[every, forest.column[tree][here]] <= forest.threshold[tree][here]
            here = np.where(goes_left, forest.left[tree][here], forest.right[tree][here])
        total += forest.value[tree][here]
    return total
