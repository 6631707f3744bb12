"""How does a typed value of the town become an entity, and back?

A view is a frozen dataclass with a class attribute TYPE (a short name of the town's context) and a field `id`.
The other fields are attributes: field `water_level` is the attribute `waterLevel`. The annotation says the kind:
Measured -> Property with observedAt and unit, Point -> GeoProperty, Geometry -> GeoProperty, Words ->
LanguageProperty, Ref -> Relationship, list or dict -> JsonProperty, anything else -> Property. None is absent.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar, get_args, get_type_hints

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
            raise BadRequestData(
                f"{attribute_name(name)} of {entity.id} is no {kind.__name__}", entityId=entity.id
            ) from error
    return view(**values)


@cache
def _fields_of(view: Any) -> tuple[tuple[str, type[Any]], ...]:
    """The attribute fields of a view with their plain type (an optional type counts as what it is when present)."""
    hints = get_type_hints(view)
    found = []
    for field in fields(view):
        if field.name != "id":
            options = [option for option in get_args(hints[field.name]) if option is not type(None)]
            hint = hints[field.name]
            is_union = type(None) in get_args(hint)
            plain = options[0] if is_union and options else hint
            found.append((field.name, getattr(plain, "__origin__", None) or plain))
    return tuple(found)


def _to_attribute(value: Any) -> Attribute:
    match value:
        case Measured():
            return Attribute(Kind.PROPERTY, value.value, observed_at=value.observed_at, unit_code=value.unit)
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
