"""How easily is somebody found in a table, and what is learned about whoever is found?

k-anonymity: Samarati 2001; l-diversity: Machanavajjhala et al. 2007; t-closeness: Li, Li and Venkatasubramanian 2007;
the risks as in El Emam, Guide to the De-Identification of Personal Health Information, 2013.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """What a table comes to. k: rows of the smallest class (0 for an empty table); singles: rows that are alone.

    l: fewest different sensitive values in a class, entropy_l by entropy, closeness the largest distance (0 to 1) of a
    class to the whole table; None where nothing is sensitive. prosecutor: risk of who knows that somebody is in the
    table; journalist: of who knows only that they are among the population; marketer: share found of all.
    """

    rows: int
    classes: int
    k: int
    singles: int
    l: int | None  # noqa: E741  # the field's own name
    entropy_l: float | None
    closeness: float | None
    prosecutor: float
    journalist: float
    marketer: float

    @property
    def share_alone(self) -> float:
        """The share of rows that are alone."""
        return self.singles / self.rows if self.rows else 0.0


def measure(keys: Sequence[Key], sensitive: Sequence[str] | None = None, population: Sequence[Key] = ()) -> Measures:
    """What the rows with these keys (of what others may know of a person) come to.

    sensitive: row by row, what others must not learn. population: the keys of everybody from whom the rows were taken;
    none where it is the rows themselves.
    """
    sizes = Counter(keys)
    smallest = min(sizes.values(), default=0)
    singles = sum(1 for size in sizes.values() if size == 1)
    around = Counter(population) if population else sizes
    journalist = max((1 / max(around[key], sizes[key]) for key in sizes), default=0.0)
    rows = len(keys)
    fewest, by_entropy, distance = _diversity(keys, sensitive) if sensitive is not None and rows else (None, None, None)
    return Measures(
        rows=rows,
        classes=len(sizes),
        k=smallest,
        singles=singles,
        l=fewest,
        entropy_l=by_entropy,
        closeness=distance,
        prosecutor=1 / smallest if smallest else 0.0,
        journalist=journalist,
        marketer=len(sizes) / rows if rows else 0.0,
    )


def _diversity(keys: Sequence[Key], sensitive: Sequence[str]) -> tuple[int, float, float]:
    """Fewest different values, the same by entropy, and the largest distance between a class and the whole."""
    classes: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for key, value in zip(keys, sensitive, strict=True):
        classes[key][value] += 1
    whole = Counter(sensitive)
    distances = [_distance(values, whole) for values in classes.values()]
    entropies = [math.exp(_entropy(values)) for values in classes.values()]
    return min(map(len, classes.values())), min(entropies), max(distances)


def _entropy(values: Counter[str]) -> float:
    total = values.total()
    return -sum(n / total * math.log(n / total) for n in values.values())


def _distance(values: Counter[str], whole: Counter[str]) -> float:
    """The distance of two distributions of names: the earth mover's, all being as far from each other (3.3)."""
    total, all_of_them = values.total(), whole.total()
    return sum(abs(values[name] / total - n / all_of_them) for name, n in whole.items()) / 2
