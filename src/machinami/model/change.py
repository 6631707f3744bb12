"""What did one write change?

A change set is one row of the log: everything that one operation did to one entity. State and history are
views of it; subscriptions, services and audit read it by sequence number, never by a clock.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from machinami.foundation.value import value
from machinami.model.attribute import Attribute
from machinami.model.entity import Entity


class Verb(StrEnum):
    """What happened to the entity as a whole."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"

    __hash__ = str.__hash__  # as in Kind


@value
class AttributeChange:
    """One attribute instance before and after; `after` is None where it was deleted, `before` where it is new."""

    name: str
    before: Attribute | None
    after: Attribute | None


@value
class Change:
    """One write to one entity.

    before is None for a creation, after is None for a deletion. attributes lists what differs, in order.
    seq is given by the store at commit (0 until then). at: when the broker took it. by: the principal's id.
    keeps_history: False where the change itself is a correction of history and must not be recorded twice.
    """

    verb: Verb
    entity_id: str
    types: tuple[str, ...]
    before: Entity | None
    after: Entity | None
    attributes: Sequence[AttributeChange]
    at: datetime
    by: str
    seq: int = 0


def types_of(changes: Iterable[Change]) -> set[tuple[str, ...]]:
    """The types of the entities that were changed: many changes are of few kinds of entity."""
    return {change.types for change in changes}
