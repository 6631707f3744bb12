"""What is one entity: an id, its types, its scopes and its attributes, at one moment."""

from collections.abc import Iterable
from dataclasses import field, replace
from datetime import datetime

from machinami.foundation.value import value
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes


@value
class Entity:
    """An entity (ETSI GS CIM 009, 4.5.1) with expanded names.

    types: expanded IRIs, at least one, in the order given. attributes: expanded name -> instances, the
    default instance (no datasetId) first. The three system times are set by the broker alone.
    """

    id: str
    types: tuple[str, ...]
    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    scopes: tuple[str, ...] = ()
    created_at: datetime | None = None
    modified_at: datetime | None = None
    expires_at: datetime | None = None

    def get(self, name: str, dataset_id: str | None = None) -> Attribute | None:
        """The instance of the named attribute with this datasetId (None: the default instance)."""
        for instance in self.attributes.get(name, ()):
            if instance.dataset_id == dataset_id:
                return instance
        return None

    def keeping(self, names: Iterable[str]) -> "Entity":
        """The same entity with only the named attributes."""
        wanted = frozenset(names)
        return replace(self, attributes={n: v for n, v in self.attributes.items() if n in wanted})
