"""How coarse must each column be so that everybody is one of k, and of l kinds, and how little is lost by it?

Full-domain generalisation: a column has the same step in every row (Samarati 2001; LeFevre, DeWitt and Ramakrishnan
2005). All combinations of steps are tried while they are few enough; the loss is the normalised certainty penalty (Xu
et al. 2006) of what is kept, and 1 for a row that is held back.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from machinami.methods.anonymity.ladders import Ladder
from machinami.methods.anonymity.measures import Key

MOST = 20_000  # combinations that are tried


@dataclass(frozen=True, slots=True)
class Generalised:
    """What was found. steps: of each column; keys: of each row, None where it is held back; loss: 0 nothing, 1 all."""

    steps: tuple[int, ...]
    keys: tuple[Key | None, ...]
    loss: float

    @property
    def held_back(self) -> int:
        """How many rows are held back."""
        return sum(key is None for key in self.keys)


def generalise(
    rows: Sequence[Sequence[object]],
    ladders: Sequence[Ladder],
    k: int,
    l: int = 1,  # noqa: E741  # the field's own name
    sensitive: Sequence[str] | None = None,
    hold_back: float = 0.05,
) -> Generalised | None:
    """The combination of steps with the least loss, where at most a share `hold_back` of the rows is held back because
    it is in a class of fewer than k rows or fewer than l sensitive values. None where there is none, or no row.

    Raises ValueError where there are more than MOST combinations.
    """
    tops = [range(ladder.top + 1) for ladder in ladders]
    combinations = 1
    for top in tops:
        combinations *= len(top)
    if combinations > MOST:
        raise ValueError(f"{combinations} combinations of steps are more than {MOST}; give fewer columns or steps")
    columns = [_Column([row[at] for row in rows], ladder) for at, ladder in enumerate(ladders)]
    best: Generalised | None = None
    for steps in product(*tops):
        kept = _kept(columns, steps, k, l, sensitive)
        if kept is None or kept.held_back > hold_back * len(rows):
            continue
        if best is None or (kept.loss, sum(kept.steps)) < (best.loss, sum(best.steps)):
            best = kept
    return best


class _Column:
    """A column on each of its steps, with what is lost on it row by row."""

    def __init__(self, values: Sequence[object], ladder: Ladder) -> None:
        self.labels = [[ladder.label(value, step) for value in values] for step in range(ladder.top + 1)]
        leaves = set(self.labels[0])
        self.losses = [_losses(labels, self.labels[0], len(leaves)) for labels in self.labels]


def _losses(labels: Sequence[str], leaves: Sequence[str], every: int) -> list[float]:
    under: defaultdict[str, set[str]] = defaultdict(set)
    for label, leaf in zip(labels, leaves, strict=True):
        under[label].add(leaf)
    if every <= 1:
        return [0.0] * len(labels)
    return [(len(under[label]) - 1) / (every - 1) for label in labels]


def _kept(
    columns: Sequence[_Column],
    steps: tuple[int, ...],
    k: int,
    l: int,  # noqa: E741  # the field's own name
    sensitive: Sequence[str] | None,
) -> Generalised | None:
    keys: list[Key] = list(
        zip(*(column.labels[step] for column, step in zip(columns, steps, strict=True)), strict=True)
    )
    if not keys:
        return None
    sizes = Counter(keys)
    fine = {key for key, size in sizes.items() if size >= k}
    if sensitive is not None and l > 1:
        kinds: defaultdict[Key, set[str]] = defaultdict(set)
        for key, value in zip(keys, sensitive, strict=True):
            kinds[key].add(value)
        fine = {key for key in fine if len(kinds[key]) >= l}
    if not fine:
        return None
    lost = sum(_loss(columns, steps, at) if key in fine else 1.0 for at, key in enumerate(keys))
    return Generalised(steps, tuple(key if key in fine else None for key in keys), lost / len(keys))


def _loss(columns: Sequence[_Column], steps: tuple[int, ...], at: int) -> float:
    return sum(_each(columns, steps, at)) / len(columns)


def _each(columns: Sequence[_Column], steps: tuple[int, ...], at: int) -> Iterator[float]:
    for column, step in zip(columns, steps, strict=True):
        yield column.losses[step][at]
