"""What does a write make of an entity of plain attributes? The next one, made of the one before without looking inside.

Nothing here has a rule of its own: what comes of it is what `patch.created` and `patch.replaced` say, where all is
plain, and None where that takes a closer look. A test holds both to the same.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, overload

from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.change import AttributeChange
from machinami.model.document import KIND_CODES, Document, entity_to_document, moment_from_text, moment_to_text
from machinami.model.entity import Entity
from machinami.model.plain import Plain, plain_document, plain_entity, plain_of
from machinami.model.sealed import sealed_document

_GEO = "G"
_SCALARS = (float, str, int)


class Renewal(Sequence[AttributeChange]):
    """The changes of every attribute that an entity has: each by itself is made when somebody asks.

    plain: what the attributes say now. before and was: the entity before, if there was one, and what its attributes
    said, as it was found. steady: whether its types, the kinds of its attributes and its places are as before.
    """

    __slots__ = ("_changes", "after", "before", "plain", "steady", "was")

    def __init__(
        self, before: Entity | None, after: Entity, was: Plain | Document | None, plain: Plain, steady: bool
    ) -> None:
        self.before = before
        self.after = after
        self.was = was
        self.plain = plain
        self.steady = steady
        self._changes: tuple[AttributeChange, ...] | None = None

    def keeps(self, names: Iterable[str]) -> bool:
        """Whether none of these attributes got another value; False where that is not plain to see."""
        fields, slots = self.plain.fields, self.plain.shape.slots
        return all(_same(_value(self.was, name), fields[slots[name]]) for name in names if name in slots)

    def __len__(self) -> int:
        return len(self.plain.shape.forms)

    @overload
    def __getitem__(self, index: int) -> AttributeChange: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AttributeChange]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._told()[index]

    def __iter__(self) -> Iterator[AttributeChange]:
        return iter(self._told())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple | Renewal) and self._told() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._told())

    def __repr__(self) -> str:
        return repr(self._told())

    def _told(self) -> tuple[AttributeChange, ...]:
        if self._changes is None:
            old = NO_ATTRIBUTES if self.before is None else self.before.attributes
            new = self.after.attributes
            self._changes = tuple([AttributeChange(n, old[n][0] if n in old else None, new[n][0]) for n in new])
        return self._changes


def changed_names(changes: Sequence[AttributeChange]) -> Collection[str]:
    """The names of the attributes that are changed, each once; nothing is opened for them."""
    return changes.plain.shape.names if type(changes) is Renewal else dict.fromkeys([part.name for part in changes])


def has_types_of(changes: Sequence[AttributeChange], before: Entity, after: Entity) -> bool:
    """Whether an entity keeps its types by these changes; one that is sealed is not opened for them."""
    return (type(changes) is Renewal and changes.steady) or after.types == before.types


def _value(was: Plain | Document | None, name: str) -> Any:
    if type(was) is Plain:
        return was.fields[was.shape.slots[name]]
    return was[name][0]["v"] if type(was) is dict else None


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and type(new) in _SCALARS and bool(old == new)


def begun(new: Entity, now: datetime) -> Renewal | None:
    """The entity that was sent, as it becomes where none was; None where it is not plain."""
    sent = plain_of(new)
    if sent is None:
        return None
    at = moment_to_text(now)
    plain = Plain(sent.shape, sent.fields, at, at)
    return Renewal(None, plain_entity(new.id, new.types, plain, now, now), None, plain, False)


def renewed(before: Entity, new: Entity, now: datetime) -> Renewal | None:
    """The entity that was sent, as it becomes in the place of another one with the same attributes, of which each is
    changed; None where either is not plain, or anything is to be looked at more closely."""
    sent = plain_of(new)
    if sent is None:
        return None
    at = moment_to_text(now)
    was = plain_of(before)
    if was is not None and was.shape is sent.shape:
        if was.written == at or was.made is None:
            return None
        plain = Plain(sent.shape, sent.fields, was.made, at)
        pick = sent.shape.pick_places
        steady = before.types == new.types and bool(pick(was.fields) == pick(sent.fields))
        return Renewal(before, plain_entity(before.id, new.types, plain, before.created_at, now), was, plain, steady)
    document = plain_document(before) or sealed_document(before) or entity_to_document(before)
    if "s" in document or "x" in document or "c" not in document:
        return None
    return _compared(before, new, sent, document, now)


def _compared(before: Entity, new: Entity, sent: Plain, document: Document, now: datetime) -> Renewal | None:
    """The same where the entity before is known as a document."""
    known, fields, at = document["a"], sent.fields, moment_to_text(now)
    forms, slots = sent.shape.forms, sent.shape.slots
    if len(known) != len(forms):
        return None
    steady = document["t"] == list(new.types)
    made: list[str] = []
    for form in forms:
        instances = known.get(form.name)
        if instances is None or len(instances) != 1:
            return None
        old = instances[0]
        if "d" in old or old.get("m") == at:
            return None
        made.append(old.get("c", at))
        code = KIND_CODES[form.kind]
        if old["k"] != code or "x" in old or (code == _GEO and old["v"] != fields[slots[form.name]]):
            steady = False
    several = len(set(made)) > 1
    plain = Plain(sent.shape, fields, tuple(made) if several else next(iter(made), at), at)
    after = plain_entity(before.id, new.types, plain, moment_from_text(document["c"]), now)
    return Renewal(before, after, known, plain, steady)
