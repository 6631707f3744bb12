"""Of which attributes of an entity may something be seen? All but some, or only some."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from machinami.model.entity import Entity

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """A time of observation, in microseconds since 1970, ends included; what it is not sure to lie in lies outside."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Sight:
    """only: the attributes that may be seen (None: all), and without: those of them that may not (expanded names)."""

    only: frozenset[str] | None = None
    without: frozenset[str] = NOTHING

    @property
    def is_whole(self) -> bool:
        """Whether every attribute is seen."""
        return self.only is None and not self.without

    def shows(self, name: str) -> bool:
        """Whether the attribute is seen."""
        return name not in self.without and (self.only is None or name in self.only)

    def among(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the attributes that are seen, in their order."""
        return tuple(filter(self.shows, names))

    def narrowed(self, other: "Sight") -> "Sight":
        """What both let be seen."""
        if self.only is None or other.only is None:
            return Sight(other.only if self.only is None else self.only, self.without | other.without)
        return Sight(self.only & other.only, self.without | other.without)

    def widened(self, other: "Sight") -> "Sight":
        """What one of them lets be seen."""
        if self.only is not None and other.only is not None:
            shown = frozenset((*self.among(self.only), *other.among(other.only)))
            return Sight(shown)
        hidden = [name for name in self.without | other.without if not (self.shows(name) or other.shows(name))]
        if self.only is None and other.only is None:
            return Sight(None, frozenset(hidden))
        whole, part = (self, other) if self.only is None else (other, self)
        return Sight(None, frozenset(name for name in whole.without if not part.shows(name)))


WHOLE = Sight()


class Veil(Protocol):
    """What the law keeps from who asks, whatever the rows of the policy allow."""

    @property
    def looks_at(self) -> frozenset[str]:
        """The attributes by which it is decided (expanded names)."""
        ...

    def touches(self, types: Iterable[str]) -> bool:
        """Whether an entity with one of these types may have something that is kept from who asks."""
        ...

    def people(self, kind: str) -> Collection[str] | None:
        """The ids of which every entity of a type is that is not hidden; None where that is not said."""
        ...

    def over(self, entity: Entity, span: Span | None = None) -> Sight | None:
        """What is left of the entity; None where it is hidden as a whole. span: of its past within this time."""
        ...
