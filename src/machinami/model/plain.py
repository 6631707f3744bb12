"""How is an entity at hand that was just written, without being taken apart? As its values, and the shape they are in.

Most entities that come in have plain attributes: one instance each, a reading, a text, a point or a link, with no more
than a unit and a time of observation. What such an attribute says besides its value and its times is its form, and the
forms of an entity in their order are its shape, of which many entities have the same. Whoever looks inside sees an
Entity like any other; most are only written down, compared with what comes next, and written out.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from operator import itemgetter
from threading import Lock
from typing import Any

import orjson

from machinami.foundation.value import value
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.document import KIND_CODES, Document, moment_from_text, moment_to_text
from machinami.model.entity import Entity
from machinami.model.opened import note_opened

_MOST = 4_096  # forms, and shapes: names and units come from outside, and must not fill the memory
_WRITTEN = 200  # bytes of JSON of a plain attribute, about
_LOCK = Lock()  # the reading threads share entities with the event loop
_ATTRIBUTES: Any = Entity.__dict__["attributes"]
_KEPT: Any = Entity.__dict__["scopes"]  # the slot that holds the values, as a plain entity has no scopes
_kept = _KEPT.__get__
_set = object.__setattr__


class Form:
    """What a plain attribute says besides its value and its times. timed: whether it says when it was observed."""

    __slots__ = ("kind", "name", "timed", "unit")

    def __init__(self, name: str, kind: Kind, unit: str | None, timed: bool) -> None:
        self.name = name
        self.kind = kind
        self.unit = unit
        self.timed = timed


class Shape:
    """The forms of an entity's attributes, in order.

    slots: of each attribute by name, where its value is among the fields; a time of observation follows its value.
    names: of the attributes; told: the same as JSON; kinds: each with its kind. places: the slots of values that are
    places; pick_places: what the fields say of them.
    """

    __slots__ = ("forms", "kinds", "names", "pick_places", "places", "slots", "told")

    def __init__(self, forms: tuple[Form, ...]) -> None:
        self.forms = forms
        self.slots: dict[str, int] = {}
        at = 0
        for form in forms:
            self.slots[form.name] = at
            at += 2 if form.timed else 1
        self.names = tuple(self.slots)
        self.kinds = frozenset([(form.name, form.kind) for form in forms])
        self.told = orjson.dumps(self.names)
        self.places = tuple([self.slots[form.name] for form in forms if form.kind is Kind.GEO])
        self.pick_places: Callable[[tuple[Any, ...]], Any] = itemgetter(*self.places) if self.places else _nothing


def _nothing(fields: tuple[Any, ...]) -> None:
    return None


_forms: dict[tuple[str, Kind, str | None, bool], Form] = {}
_shapes: dict[tuple[Form, ...], Shape] = {}


def form_of(name: str, kind: Kind, unit: str | None, timed: bool) -> Form:
    """The one form of an attribute of this name that says this."""
    form = _forms.get((name, kind, unit, timed))
    if form is None:
        if len(_forms) >= _MOST:
            _forms.clear()
        form = _forms[name, kind, unit, timed] = Form(name, kind, unit, timed)
    return form


def shape_of(forms: tuple[Form, ...]) -> Shape:
    """The one shape of these forms."""
    shape = _shapes.get(forms)
    if shape is None:
        if len(_shapes) >= _MOST:
            _shapes.clear()
        shape = _shapes[forms] = Shape(forms)
    return shape


@value
class Plain:
    """What the attributes of an entity say.

    fields: the values, each with the time of observation after it where its form has one (text as in documents).
    made: when the attributes were made, one text for all, or one for each; written: when they were last written, all
    of them at once. Both None in what has just come in.
    """

    shape: Shape
    fields: tuple[Any, ...]
    made: str | tuple[str, ...] | None = None
    written: str | None = None

    def attributes(self) -> Attributes:
        """The same, taken apart."""
        modified, made, fields = _moment(self.written), self.made, self.fields
        times = list(map(_moment, made)) if isinstance(made, tuple) else [_moment(made)] * len(self.shape.forms)
        found: dict[str, tuple[Attribute, ...]] = {}
        at = 0
        for form, created in zip(self.shape.forms, times, strict=True):
            content, observed = fields[at], None
            if form.timed:
                at += 1
                observed = moment_from_text(fields[at])
            at += 1
            found[form.name] = (Attribute(form.kind, content, None, observed, form.unit, created, modified),)
        return found

    def document(self) -> Document:
        """The same as the member "a" of an entity's document."""
        document: Document = {}
        for index, form in enumerate(self.shape.forms):
            at = self.shape.slots[form.name]
            instance = {"k": KIND_CODES[form.kind], "v": self.fields[at]}
            if form.unit is not None:
                instance["u"] = form.unit
            if form.timed:
                instance["o"] = self.fields[at + 1]
            if self.made is not None:
                instance["c"] = self.made if isinstance(self.made, str) else self.made[index]
            if self.written is not None:
                instance["m"] = self.written
            document[form.name] = [instance]
        return document


class _Plain(Entity):
    """An entity of which the values are kept in the slot of the scopes; once opened it is an Entity like others.

    It has no slot more than an Entity, as only then can it become one.
    """

    __slots__ = ()

    def __new__(cls, *args: Any, **members: Any) -> Any:
        """For `dataclasses.replace`, which makes another one of the same class: of a plain entity, an Entity."""
        return Entity(*args, **members)

    def __eq__(self, other: object) -> bool:
        _open(self)
        return self == other

    def __repr__(self) -> str:
        _open(self)
        return repr(self)

    __hash__ = Entity.__hash__


def _attributes(self: Entity) -> Any:
    _open(self)
    return _ATTRIBUTES.__get__(self)


def _scopes(self: Entity) -> tuple[str, ...]:
    return ()


type.__setattr__(_Plain, "attributes", property(_attributes))  # where an Entity has slots
type.__setattr__(_Plain, "scopes", property(_scopes))


def plain_entity(
    entity_id: str, types: tuple[str, ...], plain: Plain, created: datetime | None, modified: datetime | None
) -> Entity:
    """The entity whose attributes are plain; it has no scopes, and never expires."""
    kept: Any = plain
    entity = Entity(entity_id, types, NO_ATTRIBUTES, kept, created, modified)
    _set(entity, "__class__", _Plain)
    return entity


def plain_of(entity: Entity) -> Plain | None:
    """What the attributes of a plain entity say, as long as nobody has looked into it."""
    if type(entity) is not _Plain:
        return None
    plain = _kept(entity)
    return plain if type(plain) is Plain else None


def names_in(entity: Entity) -> Collection[str]:
    """The names of an entity's attributes; a plain entity is not opened for them."""
    plain = plain_of(entity)
    return entity.attributes if plain is None else plain.shape.names


def plain_document(entity: Entity) -> Document | None:
    """The document of a plain entity into which nobody has looked."""
    plain = plain_of(entity)
    if plain is None:
        return None
    document: Document = {"i": entity.id, "t": list(entity.types)}
    if entity.created_at is not None:
        document["c"] = moment_to_text(entity.created_at)
    if entity.modified_at is not None:
        document["m"] = moment_to_text(entity.modified_at)
    document["a"] = plain.document()
    return document


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moment_from_text(text)


def _open(entity: Entity) -> None:
    with _LOCK:
        plain = _kept(entity)
        if type(plain) is not Plain:
            return  # another thread was faster
        _ATTRIBUTES.__set__(entity, plain.attributes())
        _KEPT.__set__(entity, ())
        _set(entity, "__class__", Entity)
        note_opened(len(plain.shape.forms) * _WRITTEN)
