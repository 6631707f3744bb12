"""How does a typed value of the town become an entity, and back?

A view is a frozen dataclass with a class attribute TYPE (a short name of the town's context) and a field `id`.
The other fields are attributes: field `water_level` is the attribute `waterLevel`, unless a class attribute NAMES gives
it another name (that stands in the towns there are, where types came to share one shape). The annotation says the kind:
Measured -> Property with observedAt and unit, MeasuredList -> ListProperty with the same, Point -> GeoProperty,
Geometry -> GeoProperty, Words -> LanguageProperty, Ref -> Relationship, list or dict -> JsonProperty, anything else
-> Property. None is absent; a field that allows no None and has no default must be there. What the annotation says of
the inside (list[str], Literal, Day, a TypedDict) holds too: other programs write entities as well, and a reader shall
not meet what its types rule out.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    NotRequired,
    Protocol,
    Required,
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
from machinami.model.values import is_geometry


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


DAY, YEAR, MOMENT = "day", "year", "moment"
Day = Annotated[str, DAY]
"""A day of the town as text: 2026-06-30 (ISO 8601)."""
Year = Annotated[int, YEAR]
"""A year as a number: 2026."""
Moment = Annotated[str, MOMENT]
"""A moment as text, as rows say it: 2026-06-30T09:00:00Z. A text that is one of some words is Annotated[str, WORDS];
rows that code takes as what they are, but that must be of a kind, are Annotated[list[dict[str, Any]], list[Kind]]."""
_YEARS = range(1, 9999)
"""Years in which a moment is one by the clock of any place: there is a day before it and one after it."""


def attribute_name(field_name: str) -> str:
    """The attribute that a field stands for: water_level -> waterLevel."""
    head, *rest = field_name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def attribute_names(view: Any) -> list[str]:
    """The attributes (short names) that a view knows."""
    return [_attribute_of(view, name) for name, _ in _fields_of(view)]


def to_entity(view: View, context: Context) -> Entity:
    """The entity that a view describes, names expanded by the context."""
    attributes: dict[str, tuple[Attribute, ...]] = {}
    for name, _ in _fields_of(type(view)):
        value = getattr(view, name)
        if value is not None:
            attributes[context.expand(_attribute_of(type(view), name))] = (_to_attribute(value),)
    return Entity(view.id, (context.expand(view.TYPE),), attributes)


def from_entity(view: Callable[..., V], entity: Entity, context: Context) -> V:
    """The view of an entity. Raises BadRequestData naming what a field needs and does not find: `attribute`, `wanted`
    (as `wanted_of` says it) and `found`, None where it is missing."""
    values: dict[str, Any] = {"id": entity.id}
    for name, kind in _fields_of(view):
        found = entity.get(context.expand(_attribute_of(view, name)))
        if found is None or (found.value is None and kind is not Measured):
            if name in _bare_of(view):
                values[name] = None
                if not _fits(None, _hints(view)[name]):
                    raise _unfit(view, name, entity, None)
            continue
        try:
            values[name] = _from_attribute(found, kind)
        except (TypeError, ValueError, KeyError, IndexError, OverflowError, BadRequestData) as error:
            raise _unfit(view, name, entity, found, error) from error
        if not _fits(values[name], _hints(view)[name]):
            raise _unfit(view, name, entity, found)
    return view(**values)


def wanted_of(hint: Any) -> tuple[str, tuple[str, ...]]:
    """What a field wants, in a word (that catalogues know), and the words among which it chooses, if it does."""
    options = [option for option in get_args(hint) if option is not type(None)]
    plain = options[0] if get_origin(hint) in (Union, UnionType) else hint
    if get_origin(plain) is Literal:
        return "choice", tuple(map(str, get_args(plain)))
    if get_origin(plain) is Annotated:
        marked = get_args(plain)[1]
        if isinstance(marked, str | tuple):
            return (marked, ()) if isinstance(marked, str) else ("choice", marked)
    return _WANTED.get(_plain(plain), "other"), ()


_WANTED: dict[type[Any], str] = {
    Measured: "measured", MeasuredList: "list", Point: "point", Geometry: "place", Words: "words", Ref: "reference",
    datetime: "moment", str: "text", int: "whole", float: "number", bool: "switch", list: "list", tuple: "list",
    dict: "rows",
}  # fmt: skip


def _attribute_of(view: Any, field_name: str) -> str:
    named: Mapping[str, str] = getattr(view, "NAMES", {})
    return named.get(field_name) or attribute_name(field_name)


def _unfit(
    view: Any, name: str, entity: Entity, found: Attribute | None, why: Exception | None = None
) -> BadRequestData:
    misdated = isinstance(why, _Misdated)
    wanted, choices = ("dated", ()) if misdated else wanted_of(_hints(view)[name])
    attribute = _attribute_of(view, name)
    what = f"{attribute} of {entity.id} " + ("is missing" if found is None else f"is no {wanted}")
    return BadRequestData(
        f"{what}; write that attribute anew" + (f" as one of {', '.join(choices)}" if choices else ""),
        entityId=entity.id, attribute=attribute, wanted=wanted, choices=choices,
        found=None if found is None else str(why) if misdated else repr(found.value)[:60],
    )  # fmt: skip


def _fits(value: Any, hint: Any) -> bool:
    """Whether the inside of a value is as its annotation says."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, option) for option in inner)
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in inner)
    if origin is Annotated:
        return _fits(value, inner[0]) and _is_marked(value, inner[1])
    if origin in (Required, NotRequired):
        return _fits(value, inner[0])
    if origin in (list, tuple):
        return isinstance(value, list | tuple) and all(_fits(one, inner[0]) for one in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(_fits(one, inner[1]) for one in value.values())
    if is_typeddict(hint):
        return isinstance(value, dict) and _fits_row(value, hint)
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return not isinstance(hint, type) or hint in (object, Any) or isinstance(value, hint)


def _is_marked(value: Any, marked: Any) -> bool:
    """Whether a value is what an annotation says of it beside its type."""
    try:
        if marked == DAY:
            day = date.fromisoformat(value)
            return day.isoformat() == value and day.year in _YEARS
        if marked == MOMENT:
            return bool(_sound(parse_instant(value)))
        if isinstance(marked, str | tuple):
            return value in (_YEARS if marked == YEAR else marked)
        return _fits(value, marked)
    except (ValueError, BadRequestData):
        return False


def _fits_row(value: dict[str, Any], row: Any) -> bool:
    hints = _hints(row)
    return row.__required_keys__ <= value.keys() and all(
        _fits(value[name], hint) for name, hint in hints.items() if name in value
    )


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


@cache
def _bare_of(view: Any) -> frozenset[str]:
    """The fields that have no default."""
    return frozenset(one.name for one in fields(view) if one.default is MISSING and one.default_factory is MISSING)


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
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
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
    if kind in (Measured, MeasuredList):
        when = _sound(found.observed_at or found.modified_at or found.created_at)
        if kind is MeasuredList and isinstance(value, list | tuple):
            return MeasuredList(tuple(float(one) for one in value), when, found.unit_code)
        if kind is MeasuredList or isinstance(value, bool) or not isinstance(value, int | float | None):
            raise TypeError(kind)
        return Measured(value, when, found.unit_code)
    if kind is Point:
        return _point(value)
    if kind is Words:
        return _words(value)
    if kind is datetime:
        return _sound(parse_instant(value))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    made_of: Any = _MADE_OF.get(kind, kind)
    if not isinstance(value, made_of) or (kind is Geometry and not is_geometry(value)):
        raise TypeError(kind)
    return kind(value) if made_of is not kind else value


class _Misdated(ValueError):
    """A moment, of a value or as one, that is in no year of _YEARS; says it."""


def _sound(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError(moment)
    if moment.year not in _YEARS:
        raise _Misdated(format_instant(moment))
    return moment


_MADE_OF: dict[type[Any], Any] = {Geometry: dict, Ref: str, tuple: list | tuple}


def _point(value: Any) -> Point:
    lon, lat = value["coordinates"][:2]
    if not (value["type"] == "Point" and -180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError(value)
    return Point(float(lon), float(lat))


def _words(value: Any) -> Words:
    """Texts by language; the texts of one language (4.5.18 allows several) as one, a bare text as Japanese."""
    if not isinstance(value, dict):
        return Words({"ja": value if isinstance(value, str) else str(value + 0)})  # a list is no text
    said = {tag: text if isinstance(text, str) else "\n".join(text) for tag, text in value.items()}
    return Words(said)
