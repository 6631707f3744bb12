"""Which parts of an entity are named? Texts of attrs, pick, omit and orderBy (ETSI GS CIM 009, 4.21, 4.23)."""

from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.collation import ROOT, check_collation
from machinami.model.context import Context
from machinami.model.parse_geo import read_geometry
from machinami.model.parse_q import read_trail
from machinami.model.query import Order, Path, Projection
from machinami.model.scanner import Scanner

_DIRECTIONS = ("dist-asc", "dist-desc", "asc", "desc")


def parse_names(text: object, context: Context, parameter: str = "attrs") -> tuple[str, ...]:
    """The expanded names of a comma-separated list; `id` is "@id" and `type` "@type"."""
    scanner = Scanner(text, parameter, "waterLevel,location")
    names = scanner.listed(lambda: scanner.name_or_iri(context, "an attribute name"), ",", "|")
    scanner.wants_end("',' or the end")
    return tuple(names)


def parse_projection(text: object, context: Context, parameter: str = "pick") -> Projection:
    """The names of a pick or omit, with those of linked entities in braces: `id,owner{name,address}` (4.21)."""
    scanner = Scanner(text, parameter, "id,waterLevel,owner{name,address}")

    def member() -> tuple[str, Projection | None]:
        name = scanner.name_or_iri(context, "an attribute name")
        if scanner.takes("{") is None:
            return name, None
        inner = scanner.nested(members)
        scanner.wants("}")
        return name, inner

    def members() -> Projection:
        return Projection(tuple(scanner.listed(member, ",", "|")))

    projection = members()
    scanner.wants_end("',' or the end")
    return projection


def parse_order(
    text: object,
    context: Context,
    collation: object = None,
    order_from: object = None,
    order_geometry: object = None,
) -> tuple[Order, ...]:
    """The sort keys of an orderBy: paths with `;asc`, `;desc`, `;dist-asc` or `;dist-desc` (4.23.3).

    order_from: coordinates, text or value, of the geometry that distances are taken from; order_geometry: its
    type, Point if not given.
    """
    scanner = Scanner(text, "orderBy", "name,waterLevel;desc")
    tag = check_collation(ROOT if collation is None else collation)  # the default of 4.23.1
    origin: dict[str, Any] | None = None
    if order_from is not None:
        origin = read_geometry(order_geometry or "Point", order_from, "orderFrom")

    def order() -> Order:
        names = scanner.listed(lambda: scanner.name(context, "an attribute name"), ".")
        path = Path(tuple(names), read_trail(scanner))
        direction = "asc"
        if scanner.takes(";"):
            taken = scanner.takes(*_DIRECTIONS)
            if taken is None:
                raise scanner.fault("asc, desc, dist-asc or dist-desc")
            direction = taken
        if not direction.startswith("dist"):
            return Order(path, direction == "desc", collation=tag)
        if origin is None:
            raise BadRequestData(
                f"orderBy: {direction} needs orderFrom, the coordinates that distances are taken from; "
                "write for example orderBy=location;dist-asc&orderFrom=[135.5,34.7]",
                parameter="orderFrom",
                example="[135.5,34.7]",
            )
        return Order(path, direction == "dist-desc", origin, tag)

    orders = tuple(scanner.listed(order, ","))
    scanner.wants_end("',', ';' or the end")
    return orders
