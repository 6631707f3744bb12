"""How does a typed value of the town become an entity, and back?

A view is a frozen dataclass with a class attribute TYPE (a short name of the town's context) and a field `id`.
The other fields are attributes: field `water_level` is the attribute `waterLevel`. The annotation says the kind:
Measured -> Property with observedAt and unit, MeasuredList -> ListProperty with the same, Point -> GeoProperty,
Geometry -> GeoProperty, Words -> LanguageProperty, Ref -> Relationship, list or dict -> JsonProperty, anything else
-> Property. None is absent. What the annotation says of the inside (list[str], Literal, a TypedDict) holds too: other
programs write entities as well, and a reader shall not meet what its types rule out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from types import UnionType
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.attribute import Attribute, Kind
from machinami.model.context import Context
from machinami.model.entity import Entity


class View(Protocol):
    """What every view has."""

    TYPE: ClassVar[str]

    @property
    def id(self) -> str:
        """The entity's id."""
        ...


V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Measured:
    """One measured value: what, when, in which unit (UN/CEFACT code); value None: known to be missing."""

    value: float | None
    observed_at: datetime
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class MeasuredList:
    """Several values said at one moment, in order (such as a forecast), with their unit (UN/CEFACT code)."""

    values: tuple[float, ...]
    observed_at: datetime
    unit: str | None = None


class Point(NamedTuple):
    """A place: longitude and latitude in degrees (WGS 84)."""

    lon: float
    lat: float


class Geometry(dict[str, Any]):
    """A GeoJSON geometry."""


class Words(dict[str, str]):
    """A text in several languages: language tag -> text."""


class Ref(str):
    """The id of another entity."""

    __slots__ = ()


def attribute_name(field_name: str) -> str:
    """The attribute that a field stands for: water_level -> waterLevel."""
    head, *rest = field_name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def attribute_names(view: Any) -> list[str]:
    """The attributes (short names) that a view knows."""
    return [attribute_name(name) for name, _ in _fields_of(view)]


def to_entity(view: View, context: Context) -> Entity:
    """The entity that a view describes, names expanded by the context."""
    attributes: dict[str, tuple[Attribute, ...]] = {}
    for name, _ in _fields_of(type(view)):
        value = getattr(view, name)
        if value is not None:
            attributes[context.expand(attribute_name(name))] = (_to_attribute(value),)
    return Entity(view.id, (context.expand(view.TYPE),), attributes)


def from_entity(view: Callable[..., V], entity: Entity, context: Context) -> V:
    """The view of an entity. Raises BadRequestData naming what a field needs and does not find."""
    values: dict[str, Any] = {"id": entity.id}
    for name, kind in _fields_of(view):
        found = entity.get(context.expand(attribute_name(name)))
        try:
            values[name] = None if found is None else _from_attribute(found, kind)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise _unfit(name, entity, kind) from error
        if found is not None and not _fits(values[name], _hints(view)[name]):
            raise _unfit(name, entity, kind)
    return view(**values)


def _unfit(name: str, entity: Entity, kind: type[Any]) -> BadRequestData:
    return BadRequestData(f"{attribute_name(name)} of {entity.id} is no {kind.__name__}", entityId=entity.id)


def _fits(value: Any, hint: Any) -> bool:
    """Whether the inside of a value is as its annotation says."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, option) for option in inner)
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in inner)
    if origin in (list, tuple):
        return isinstance(value, list | tuple) and all(_fits(one, inner[0]) for one in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(_fits(one, inner[1]) for one in value.values())
    if is_typeddict(hint):
        return isinstance(value, dict) and _fits_row(value, hint)
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return not isinstance(hint, type) or hint in (object, Any) or isinstance(value, hint)


def _fits_row(value: dict[str, Any], row: Any) -> bool:
    hints = _hints(row)
    return row.__required_keys__ <= value.keys() and all(
        _fits(value[name], hint) for name, hint in hints.items() if name in value
    )


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _fields_of(view: Any) -> tuple[tuple[str, type[Any]], ...]:
    """The attribute fields of a view with their plain type (an optional type counts as what it is when present)."""
    hints = _hints(view)
    found = []
    for field in fields(view):
        if field.name != "id":
            options = [option for option in get_args(hints[field.name]) if option is not type(None)]
            hint = hints[field.name]
            is_union = type(None) in get_args(hint)
            plain = options[0] if is_union and options else hint
            found.append((field.name, _plain(plain)))
    return tuple(found)


def _plain(hint: Any) -> type[Any]:
    """The type of a value, without what is said of its inside."""
    if get_origin(hint) is Literal:
        return type(get_args(hint)[0])
    plain: type[Any] = dict if is_typeddict(hint) else get_origin(hint) or hint
    return plain


def _to_attribute(value: Any) -> Attribute:
    match value:
        case Measured():
            return Attribute(Kind.PROPERTY, value.value, observed_at=value.observed_at, unit_code=value.unit)
        case MeasuredList():
            return Attribute(Kind.LIST, list(value.values), observed_at=value.observed_at, unit_code=value.unit)
        case Point():
            return Attribute(Kind.GEO, {"type": "Point", "coordinates": [value.lon, value.lat]})
        case Geometry():
            return Attribute(Kind.GEO, dict(value))
        case Words():
            return Attribute(Kind.LANGUAGE, dict(value))
        case Ref():
            return Attribute(Kind.RELATIONSHIP, str(value))
        case datetime():
            return Attribute(Kind.PROPERTY, format_instant(value))
        case dict() | list() | tuple():
            return Attribute(Kind.JSON, list(value) if isinstance(value, tuple) else value)
        case _:
            return Attribute(Kind.PROPERTY, value)


def _from_attribute(found: Attribute, kind: type[Any]) -> Any:
    value = found.value
    if kind is Measured:
        when = found.observed_at or found.modified_at or found.created_at
        if when is None or isinstance(value, bool) or not isinstance(value, int | float | None):
            raise TypeError(kind)
        return Measured(value, when, found.unit_code)
    if kind is MeasuredList:
        when = found.observed_at or found.modified_at or found.created_at
        if when is None or not isinstance(value, list | tuple):
            raise TypeError(kind)
        return MeasuredList(tuple(float(one) for one in value), when, found.unit_code)
    if kind is Point:
        lon, lat = value["coordinates"][:2]
        return Point(float(lon), float(lat))
    if kind is Words:
        return Words(value if isinstance(value, dict) else {"ja": str(value)})
    if kind is datetime:
        return parse_instant(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind in (Geometry, Ref, tuple):
        return kind(value)
    if not isinstance(value, kind):
        raise TypeError(kind)
    return value
