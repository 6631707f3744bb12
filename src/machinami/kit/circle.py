"""In which order do the services of the management circle follow each other, and where in it is a page?"""

from collections.abc import Collection
from dataclasses import dataclass

CIRCLE = (
    "guide", "needs", "cases", "plan", "indicators", "pilots", "money", "partnership", "participation", "assembly",
    "menu",
)  # fmt: skip
"""From a problem to a plan, from the plan to what is tried and paid for, and back to those who asked."""
_SERVICES = "/services/"


@dataclass(frozen=True, slots=True)
class Step:
    """One service of the circle. here: the page belongs to it; exact: it is its first page."""

    id: str
    here: bool
    exact: bool

    @property
    def link(self) -> str:
        """Its first page."""
        return _SERVICES + self.id


def trail(path: str, running: Collection[str]) -> tuple[Step, ...]:
    """The steps of the circle that run in this town, for a page of one of them; nothing on any other page, and nothing
    where it would lead nowhere else."""
    own = path.removeprefix(_SERVICES).partition("/")[0] if path.startswith(_SERVICES) else ""
    if own not in CIRCLE:
        return ()
    steps = tuple(Step(id, id == own, path == _SERVICES + id) for id in CIRCLE if id in running)
    return steps if len(steps) > 1 else ()


def place(service: str) -> int:
    """How far along the circle a service stands; those outside come after it."""
    return CIRCLE.index(service) if service in CIRCLE else len(CIRCLE)
