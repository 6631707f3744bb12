"""Which entities are at hand without asking the disk?"""

from dataclasses import dataclass

from machinami.model.entity import Entity
from machinami.model.opened import opened_bytes
from machinami.model.plain import plain_of
from machinami.model.sealed import is_sealed

_OPENED = 5  # bytes of an opened entity per byte of its JSON, about
_BESIDE = 900  # bytes that an entity into which nobody has looked takes beside its JSON, about


@dataclass(slots=True)
class Husk:
    """What is left of a deleted entity: where it was, and under which subject its history is kept."""

    key: int
    subject: int


@dataclass(slots=True)
class Hot:
    """A committed entity with its place in the tables: its key, the subject of its history, its bytes of JSON.

    seq: the change that made it so, where that is known. depth: how many merge patches of the log, the last of them
    that one, lead to it from where it is written whole.
    """

    entity: Entity
    key: int
    subject: int
    size: int
    seq: int = 0
    depth: int = 0

    @property
    def weight(self) -> int:
        """How many bytes of memory it takes, about."""
        closed = is_sealed(self.entity) or plain_of(self.entity) is not None
        return self.size + _BESIDE if closed else self.size * _OPENED


State = Hot | Husk | None


class HotEntities:
    """The entities that were asked for or written most recently, bounded by number and by estimated bytes.

    Two generations stand in for an exact order of use: what is found in the old one moves to the young one, and
    when the young one is half of the bound the old one is let go. A look-up costs one dictionary access.
    While an entity stays here and is not changed, the very same object is returned. What is put here sealed and opened
    later is counted then, whoever has it: rather too much than too little.
    """

    def __init__(self, entities: int, size: int) -> None:
        self._entities = max(1, entities // 2)
        self._bytes = size // 2
        self._young: dict[str, Hot] = {}
        self._old: dict[str, Hot] = {}
        self._young_keys: dict[int, Hot] = {}
        self._old_keys: dict[int, Hot] = {}
        self._size = 0
        self._opened = opened_bytes()

    def __len__(self) -> int:
        return len(self._young_keys.keys() | self._old_keys.keys())

    def get(self, entity_id: str) -> Hot | None:
        """The entity of this id, if it is at hand."""
        hot = self._young.get(entity_id)
        if hot is None:
            hot = self._old.get(entity_id)
            if hot is not None:
                self.put(hot)
        return hot

    def at(self, key: int) -> Hot | None:
        """The entity of this key, if it is at hand."""
        hot = self._young_keys.get(key)
        if hot is None:
            hot = self._old_keys.get(key)
            if hot is not None:
                self.put(hot)
        return hot

    def glance(self, key: int) -> Hot | None:
        """The same without noting that it was asked for: for other threads, which change nothing here."""
        return self._young_keys.get(key) or self._old_keys.get(key)

    def put(self, hot: Hot) -> None:
        """Keep the entity in place of what was known of it."""
        before = self._young.get(hot.entity.id)
        if before is not None and before.key != hot.key:
            del self._young_keys[before.key]
        opened = opened_bytes()
        self._size += (
            hot.weight - (before.weight if before is not None else 0) + (opened - self._opened) * (_OPENED - 1)
        )
        self._opened = opened
        self._young[hot.entity.id] = hot
        self._young_keys[hot.key] = hot
        if len(self._young) >= self._entities or self._size >= self._bytes:
            self._old, self._young = self._young, {}
            self._old_keys, self._young_keys = self._young_keys, {}
            self._size = 0

    def drop(self, entity_id: str) -> None:
        """Forget the entity: it was deleted."""
        for entities, keys in ((self._young, self._young_keys), (self._old, self._old_keys)):
            hot = entities.pop(entity_id, None)
            if hot is not None:
                keys.pop(hot.key, None)
                if entities is self._young:
                    self._size -= hot.weight
