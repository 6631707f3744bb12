"""How is what the store holds shown as it is? Entities, instances and changes, opened and, for a while, at hand."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from machinami.broker.shroud.cipher import Cipher, is_sealed, place
from machinami.broker.shroud.concerning import Concern, Concerns
from machinami.model.attribute import Attribute
from machinami.model.change import AttributeChange, Change
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.store.protocol import Transaction

SHROUD, TYPES = "shroud", "types"  # the record of the types of entities with something sealed
_AT_HAND = 50_000  # entities that are kept open


class Opener:
    """Opens what is sealed. types: of entities with something sealed; it grows.

    What was opened is known by the very object that was sealed, so that nothing that has changed is taken for it.
    """

    def __init__(self, cipher: Cipher, concerns: Concerns) -> None:
        self.cipher = cipher
        self.concerns = concerns
        self.types: set[str] = set()
        self._noted: frozenset[str] = frozenset()
        self._open: dict[str, tuple[Entity, Entity]] = {}
        self._before: dict[str, tuple[Entity, Entity]] = {}

    def note(self, tx: Transaction, types: tuple[str, ...]) -> None:
        """Have it known, and kept, that entities of these types have something sealed."""
        if not self._noted.issuperset(types):
            self.types.update(types)
            self._noted = frozenset(self.types)
            tx.put_record(SHROUD, TYPES, {"types": sorted(self.types), "keys": self.cipher.keys.origin})

    def load(self, types: Iterable[str]) -> None:
        """Know which types have something sealed, from before."""
        self.types.update(types)
        self._noted = frozenset(self.types)

    def forget(self) -> None:
        """Have nothing at hand: a key was destroyed."""
        self._open.clear()
        self._before.clear()
        self.cipher.forget()

    def remember(self, held: Entity, plain: Entity) -> None:
        """What a sealed entity is, as whoever sealed it knows."""
        if len(self._open) >= _AT_HAND:
            self._open.clear()
            self._before.clear()
        known = self._open.get(held.id)
        if known is not None:
            self._before[held.id] = known
        self._open[held.id] = held, plain

    def entity(self, held: Entity) -> Entity:
        """The entity, opened; what cannot be opened any more is not there."""
        if not self.types or self.types.isdisjoint(held.types):
            return held
        for known in (self._open.get(held.id), self._before.get(held.id)):
            if known is not None and known[0] is held:
                return known[1]
        plain = self._opened(held)
        self.remember(held, plain)
        return plain

    def _opened(self, held: Entity) -> Entity:
        attributes: dict[str, tuple[Attribute, ...]] = {}
        for name, instances in held.attributes.items():
            if any(map(is_sealed, instances)):
                opened = tuple(one for i in instances if (one := self.instance(i, held.id, name)) is not None)
                if opened:
                    attributes[name] = opened
            else:
                attributes[name] = instances
        return replace(held, attributes=attributes)

    def instance(self, held: Attribute, entity_id: str, name: str) -> Attribute | None:
        """One instance, opened; None where it cannot be any more."""
        return self.cipher.open(held, place(entity_id, name)) if is_sealed(held) else held

    def instances(self, found: Sequence[Instance]) -> list[Instance]:
        """Past instances, opened; those that cannot be are left out."""
        opened: list[Instance] = []
        for one in found:
            if is_sealed(one.value):
                value = self.cipher.open(one.value, place(one.entity_id, one.attribute))
                if value is None:
                    continue
                one = Instance(one.entity_id, one.attribute, value, one.deleted_at)
            opened.append(one)
        return opened

    def change(self, held: Change) -> Change:
        """A change, opened."""
        if self.types.isdisjoint(held.types):
            return held
        before = None if held.before is None else self.entity(held.before)
        after = None if held.after is None else self.entity(held.after)
        known = {**pairs(held.before, before), **pairs(held.after, after)}
        parts: list[AttributeChange] = []
        for part in held.attributes:
            old, new = (self._part(one, known, held.entity_id, part.name) for one in (part.before, part.after))
            if old is not None or new is not None:
                parts.append(AttributeChange(part.name, old, new))
        return replace(held, before=before, after=after, attributes=tuple(parts))

    def _part(self, one: Attribute | None, known: dict[int, Attribute], entity_id: str, name: str) -> Attribute | None:
        if one is None or not is_sealed(one):
            return one
        return known.get(id(one)) or self.instance(one, entity_id, name)


class Closer:
    """Seals what one work writes. held, plain: the entity as the store has it and as it is, where it is there."""

    def __init__(self, opener: Opener, held: Entity | None, plain: Entity | None) -> None:
        self._opener = opener
        self._held = held
        self._plain = plain
        self._made = {id(opened): sealed for sealed, opened in _both(held, plain)}
        self._kept: list[Attribute] = []  # what `_made` knows by its place in memory stays there meanwhile
        self.sealed = False

    def change(self, change: Change) -> Change:
        """The change as it is kept."""
        before = None if change.before is None else self.entity(change.before)
        after = None if change.after is None else self.entity(change.after)
        shown = change.after or change.before
        names = dict.fromkeys(part.name for part in change.attributes)
        concerns = {} if shown is None else self._opener.concerns.of(shown, names)
        parts = tuple(
            AttributeChange(part.name, *(self._one(i, part.name, concerns, change.entity_id) for i in both))
            for part in change.attributes
            for both in [(part.before, part.after)]
        )
        return replace(change, before=before, after=after, attributes=parts)

    def entity(self, entity: Entity) -> Entity:
        """The entity as it is kept; the very one that is held where nothing is different."""
        if entity is self._plain and self._held is not None:
            return self._held
        concerns = self._opener.concerns.of(entity, entity.attributes)
        if not concerns:
            return entity
        kept: dict[str, tuple[Attribute, ...]] = {}
        for name, instances in entity.attributes.items():
            kept[name] = self._all(name, instances, concerns, entity.id) if name in concerns else instances
        return replace(entity, attributes=kept)

    def _all(
        self, name: str, instances: tuple[Attribute, ...], concerns: dict[str, Concern], entity_id: str
    ) -> tuple[Attribute, ...]:
        sealed = [self.instance(one, name, concerns[name], entity_id) for one in instances]
        held = () if self._held is None else self._held.attributes.get(name, ())
        same = len(held) == len(sealed) and all(a is b for a, b in zip(held, sealed, strict=True))
        return held if same else tuple(sealed)

    def _one(self, one: Attribute | None, name: str, concerns: dict[str, Concern], entity_id: str) -> Attribute | None:
        if one is None:
            return None
        made = self._made.get(id(one))
        if made is not None:
            return made
        return self.instance(one, name, concerns[name], entity_id) if name in concerns else one

    def instance(self, one: Attribute, name: str, concern: Concern, entity_id: str) -> Attribute:
        """An instance as it is kept; what is sealed already stays as it is."""
        made = self._made.get(id(one))
        if made is not None:
            return made
        self.sealed = True
        cipher = self._opener.cipher
        sealed = cipher.close(one, place(entity_id, name), cipher.name(concern.people, concern.scope))
        self._kept.append(one)
        self._made[id(one)] = sealed
        return sealed


def pairs(held: Entity | None, plain: Entity | None) -> dict[int, Attribute]:
    """The opened instances of an entity, by the places in memory of the sealed ones."""
    return {id(sealed): opened for sealed, opened in _both(held, plain)}


def _both(held: Entity | None, plain: Entity | None) -> Iterable[tuple[Attribute, Attribute]]:
    """The instances that are sealed, with what they are."""
    if held is None or plain is None or held is plain:
        return
    for name, opened in plain.attributes.items():
        sealed = held.attributes.get(name, ())
        if sealed is opened:
            continue
        by_dataset = {one.dataset_id: one for one in sealed if is_sealed(one)}
        for one in opened:
            found = by_dataset.get(one.dataset_id)
            if found is not None:
                yield found, one
