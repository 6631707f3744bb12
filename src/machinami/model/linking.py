"""Which entities are shown together with those that link to them? Linked Entity retrieval (ETSI GS CIM 009, 4.5.23)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from machinami.model.attribute import Attributes, Kind
from machinami.model.entity import Entity
from machinami.model.representation import NONE, Representation

Find = Callable[[str], Entity | None]
Shown = tuple[Entity, Representation]

LINKING = frozenset((Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP))


@dataclass(frozen=True, slots=True)
class Join:
    """How linked entities are wanted.

    flat: in one list with the linking ones (4.5.23.3), else inside their relationships (4.5.23.2).
    level: how many relationships are followed, one after the other, at the most.
    contained_by: ids that the client has met already; they are not followed again.
    """

    flat: bool
    level: int = 1
    contained_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Links:
    """Where the relationships of an entity lead to, as long as there are levels left.

    find: the entity with an id, None if there is none here. met: ids on the way here, so that no way is a circle.
    """

    find: Find
    level: int = 1
    met: frozenset[str] = frozenset()

    def leaving(self, entity_id: str) -> "Links":
        """The links of this entity: none of them leads back to it."""
        return replace(self, met=self.met | {entity_id})

    def entity(self, target: str) -> Entity | None:
        """The entity that a relationship leads to."""
        return None if target in self.met else self.find(target)

    def deeper(self) -> "Links | None":
        """The links of the entities one level below; None where the last level is reached."""
        return replace(self, level=self.level - 1) if self.level > 1 else None


def links_of(join: Join, find: Find) -> Links:
    """The links that a client wants to be followed."""
    return Links(find, join.level, join.contained_by)


def with_linked(entities: Iterable[Shown], links: Links) -> list[Shown]:
    """The entities, each with its representation, and behind them those that they link to, level by level.

    Each entity comes once, in the representation of the first way that leads to it.
    """
    found = list(entities)
    seen = {entity.id for entity, _ in found} | links.met
    level = found
    for _ in range(links.level):
        below: list[Shown] = []
        for target, representation in _targets(level):
            if target not in seen:
                seen.add(target)
                entity = links.find(target)
                if entity is not None:
                    below.append((entity, representation))
        if not below:
            break
        found = found + below
        level = below
    return found


def _targets(entities: Iterable[Shown]) -> Iterator[tuple[str, Representation]]:
    for entity, representation in entities:
        for name, instances in entity.attributes.items():
            if representation.shows_attribute(name):
                yield from _linked({name: instances}, representation, representation.datasets)


def _linked(
    attributes: Attributes, representation: Representation, datasets: tuple[str, ...] | None = None
) -> Iterator[tuple[str, Representation]]:
    """The targets of the attributes and of those below them."""
    for name, instances in attributes.items():
        for instance in instances:
            if datasets is not None and (instance.dataset_id or NONE) not in datasets:
                continue
            if instance.kind in LINKING:
                below = representation.below(name)
                for target in (instance.value,) if type(instance.value) is str else instance.value:
                    yield target, below
            if instance.attributes:
                yield from _linked(instance.attributes, representation)
