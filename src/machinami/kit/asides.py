"""Which entities does a page leave out because they do not fit, and what of them must be mended?"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from machinami.foundation.errors import BadRequestData


@dataclass(frozen=True, slots=True)
class Aside:
    """An entity that was left out. kind: its type (short name); attribute: the first that does not fit; found: what
    stands there, None where it is missing; wanted: what would fit, as the catalogue has it (`aside.wanted`), with the
    words among which it chooses, if it does."""

    id: str
    kind: str
    attribute: str
    found: str | None
    wanted: str
    choices: Sequence[str] = ()


_LEFT_OUT: ContextVar[dict[str, Aside] | None] = ContextVar("left out", default=None)


@contextmanager
def noting() -> Iterator[None]:
    """For as long as one page is made, what is left out of it is kept for its notice."""
    token = _LEFT_OUT.set({})
    try:
        yield
    finally:
        _LEFT_OUT.reset(token)


def leave_out(kind: str, why: BadRequestData) -> None:
    """Say that an entity does not fit a view, as `from_entity` says why."""
    noted = _LEFT_OUT.get()
    if noted is not None:
        said = why.facts
        aside = Aside(said["entityId"], kind, said["attribute"], said["found"], said["wanted"], said["choices"])
        noted.setdefault(aside.id, aside)


def left_out() -> tuple[Aside, ...]:
    """What was left out of the page that is made, by id."""
    return tuple(aside for _, aside in sorted((_LEFT_OUT.get() or {}).items()))
