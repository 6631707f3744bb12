"""How are entities shown together with those that they link to? Inside them, or in one list (4.5.23)."""

from collections.abc import Sequence
from dataclasses import dataclass

from machinami.apis.ngsild.parameters import View
from machinami.model.compaction import Json, compact_entity, to_feature
from machinami.model.entity import Entity
from machinami.model.linking import Find, Join, Links, links_of, with_linked
from machinami.model.representation import Representation


@dataclass(frozen=True, slots=True)
class Joined:
    """Entities with those that they link to, ready to be written in the form of a view."""

    shown: Sequence[tuple[Entity, Representation]]
    links: Links | None
    view: View

    def documents(self) -> list[Json]:
        """Each as JSON without @context."""
        context = self.view.context
        return [compact_entity(entity, context, form, self.links) for entity, form in self.shown]

    def features(self) -> list[Json]:
        """Each as a GeoJSON Feature."""
        view = self.view
        return [
            to_feature(entity, view.context, form, view.geometry_property, self.links) for entity, form in self.shown
        ]


def join_linked(entities: Sequence[Entity], view: View, join: Join, find: Find) -> Joined:
    """The entities with what they link to: flat, all one after the other; inline, each in its place."""
    links = links_of(join, find)
    roots = [(entity, view.representation) for entity in entities]
    if join.flat:
        return Joined(with_linked(roots, links), None, view)
    return Joined(roots, links, view)
