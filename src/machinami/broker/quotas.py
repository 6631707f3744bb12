"""Has a town room for more? Its quota is held where it writes and where it is asked; without one nothing is counted.

Deleting and reading are always possible, so that a town that is full can mend itself, and what it holds stays its own.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from machinami.foundation.errors import QuotaExceeded, TooManyRequests
from machinami.model.attribute import Attribute
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.quota import UNLIMITED, Quota
from machinami.store.protocol import Transaction

CURES = {
    "entities": "delete entities that are no longer needed",
    "bytes": "delete entities or their history (DELETE /temporal/entities/ID)",
    "history": "delete history that is no longer needed (DELETE /temporal/entities/ID)",
    "subscriptions": "delete subscriptions that are no longer needed",
}
_ASK = "or ask the operator of this installation for a larger quota"


class Meter:
    """What one town may take, and what it has taken.

    free: whether nothing that it writes is counted; bytes, history: what was measured last; refused: how often each
    bound refused something.
    """

    __slots__ = ("_left", "_moment", "bytes", "free", "history", "quota", "refused")

    def __init__(self) -> None:
        self.quota = UNLIMITED
        self.free = True
        self.bytes = self.history = 0
        self.refused: Counter[str] = Counter()
        self._left, self._moment = 0.0, 0.0

    def limit(self, quota: Quota) -> None:
        """Other bounds from now on."""
        self.quota = quota
        self.free = quota.entities is None and quota.bytes is None and quota.history is None
        self._left = float(quota.requests or 0)

    def hear(self, changes: Sequence[Change]) -> None:
        """Count what a commit adds to the history, until it is measured again."""
        if self.quota.history is not None:
            self.history += sum(len(change.attributes) for change in changes)

    def demand_room(self) -> None:
        """Raise QuotaExceeded where nothing may be added to what the town keeps."""
        if self.quota.bytes is not None and self.bytes >= self.quota.bytes:
            raise self._full("bytes", self.quota.bytes, self.bytes)

    def demand_past(self) -> None:
        """Raise QuotaExceeded where nothing may be added to the history, or to what the town keeps."""
        self.demand_room()
        if self.quota.history is not None and self.history >= self.quota.history:
            raise self._full("history", self.quota.history, self.history)

    def demand_entity(self, present: int) -> None:
        """Raise QuotaExceeded where no entity may be added to those that are there."""
        if self.quota.entities is not None and present >= self.quota.entities:
            raise self._full("entities", self.quota.entities, present)
        self.demand_past()

    def demand_subscription(self, present: int) -> None:
        """Raise QuotaExceeded where no subscription may be added to those that are there."""
        if self.quota.subscriptions is not None and present >= self.quota.subscriptions:
            raise self._full("subscriptions", self.quota.subscriptions, present)
        self.demand_room()

    def admit(self, now: float) -> None:
        """Count a request at a moment (seconds, of any clock that only goes on). Raises TooManyRequests.

        A town may save up one second of requests, so that what comes at once is answered at once.
        """
        bound = self.quota.requests
        if bound is None:
            return
        self._left = min(float(bound), self._left + (now - self._moment) * bound)
        self._moment = now
        if self._left < 1:
            self.refused["requests"] += 1
            raise TooManyRequests(
                f"This town may be asked {bound} times a second (its quota); ask more slowly, {_ASK}",
                quota="requests",
                limit=bound,
                retryAfter=1,
            )
        self._left -= 1

    def _full(self, kind: str, limit: int, used: int) -> QuotaExceeded:
        self.refused[kind] += 1
        return QuotaExceeded(
            f"The town has {used} of {limit} {kind} (its quota): {CURES[kind]}, {_ASK}",
            quota=kind,
            limit=limit,
            used=used,
        )


def metered(meter: Meter, work: Callable[[Transaction], Any]) -> Callable[[Transaction], Any]:
    """The work, held to the quota."""
    return lambda tx: work(Limited(tx, meter))


class Limited:
    """A transaction that adds nothing beyond the quota."""

    __slots__ = ("_meter", "_more", "_tx")

    def __init__(self, tx: Transaction, meter: Meter) -> None:
        self._tx = tx
        self._meter = meter
        self._more = 0  # entities that this work has added

    def get(self, entity_id: str) -> Entity | None:
        """The entity as this work sees it."""
        return self._tx.get(entity_id)

    def count(self) -> int:
        """How many entities there are, as the works before left them."""
        return self._tx.count()

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that is not there."""
        return self._tx.recall(entity_id)

    def write(self, change: Change) -> None:
        """Write the change, if it takes away or there is room."""
        if change.verb is Verb.CREATED:
            self._meter.demand_entity(self._tx.count() + self._more)
            self._more += 1
        elif change.verb is Verb.DELETED:
            self._more -= 1
        elif not change.attributes or any(part.after is not None for part in change.attributes):
            self._meter.demand_past()
        self._tx.write(change)

    def correct(
        self, entity_id: str, attribute: str, instance_id: str, after: Attribute | None, change: Change
    ) -> bool:
        """Replace or remove one instance: it adds none."""
        return self._tx.correct(entity_id, attribute, instance_id, after, change)

    def remember(self, head: Entity) -> None:
        """Know a past entity, if there is room."""
        self._meter.demand_past()
        self._tx.remember(head)

    def add_history(self, instance: Instance) -> None:
        """Add an instance, if there is room."""
        self._meter.demand_past()
        self._tx.add_history(instance)

    def remove_history(self, entity_id: str, attribute: str | None = None, dataset_id: str | None = None) -> bool:
        """Forget a history."""
        return self._tx.remove_history(entity_id, attribute, dataset_id)

    def thin_history(self, entity_id: str, attribute: str, gone: Sequence[str], made: Sequence[Instance]) -> bool:
        """Put a few instances in the place of many: there are not more of them."""
        return self._tx.thin_history(entity_id, attribute, gone, made)

    def put_record(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep a record: which ones is decided by the operations that keep them."""
        self._tx.put_record(kind, key, value)

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record as this work sees it."""
        return self._tx.get_record(kind, key)

    def delete_record(self, kind: str, key: str) -> bool:
        """Remove the record."""
        return self._tx.delete_record(kind, key)
