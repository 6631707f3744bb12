"""How is a value made coarser, step by step, until nothing is said of it any more?"""

import math
from dataclasses import dataclass
from itertools import pairwise

ANY = "*"
"""What stands where nothing is said."""
UNKNOWN = "?"
"""What stands where nothing is known."""
GRAINS = {"hour": 13, "day": 10, "month": 7, "year": 4}  # how much of a local time (ISO 8601) each grain shows


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one column, as data. Step 0 is the value as it is; the last step says nothing.

    widths: of numeric bands, from narrow to broad, each a multiple of the one before. parents: of names, step by step,
    as (name, coarser name). grains: of local times, from fine to coarse. One of the three is given, or none.
    """

    widths: tuple[float, ...] = ()
    parents: tuple[tuple[tuple[str, str], ...], ...] = ()
    grains: tuple[str, ...] = ()

    @property
    def top(self) -> int:
        """The step on which nothing is said."""
        return 1 + len(self.widths) + len(self.parents) + len(self.grains)

    def label(self, value: object, step: int) -> str:
        """What is said of a value on a step."""
        if step >= self.top:
            return ANY
        if value is None or value == "":
            return UNKNOWN
        if step == 0:
            return str(value)
        if self.widths:
            return _band(value, self.widths[step - 1])
        if self.grains:
            return str(value)[: GRAINS[self.grains[step - 1]]]
        name = str(value)
        for level in self.parents[:step]:
            name = dict(level).get(name, UNKNOWN)
        return name


PLAIN = Ladder()
"""The value as it is, or nothing."""


def _band(value: object, width: float) -> str:
    """The band in which a number lies: from its lower end up to, and without, the next one's."""
    try:
        number = float(str(value))
    except ValueError:
        return UNKNOWN
    if not math.isfinite(number):
        return UNKNOWN
    low = math.floor(number / width) * width
    if width == 1:
        return f"{low:g}"
    return f"{low:g}-{low + width - 1:g}" if float(width).is_integer() else f"{low:g}-<{low + width:g}"


def faults(ladder: Ladder) -> str | None:
    """What is wrong with a ladder in itself; None if nothing is."""
    if sum(map(bool, (ladder.widths, ladder.parents, ladder.grains))) > 1:
        return "a column is made coarser by bands, by names or by grains of time, and by one of these only"
    if any(not math.isfinite(width) or width <= 0 for width in ladder.widths):
        return "the width of a band is a number above 0"
    for narrow, broad in pairwise(ladder.widths):
        if broad <= narrow or not (broad / narrow).is_integer():
            return f"a band of {broad:g} is no multiple of one of {narrow:g}, so the one would show parts of the other"
    if any(grain not in GRAINS for grain in ladder.grains):
        return f"a grain of time is one of {', '.join(GRAINS)}"
    order = [GRAINS[grain] for grain in ladder.grains]
    if any(coarse >= fine for fine, coarse in pairwise(order)):
        return "grains of time go from fine to coarse"
    return None
