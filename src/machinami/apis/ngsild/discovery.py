"""Which types and attributes are in use? /types, /attributes and /info (ETSI GS CIM 009, 6.25 to 6.28, 6.33)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import orjson

from machinami.apis.ngsild.face import Face, check_parameters, context_member, given
from machinami.apis.ngsild.negotiation import LD_JSON, choose
from machinami.apis.ngsild.parameters import read_flag
from machinami.broker import discovery
from machinami.broker.discovery import AttributeSummary
from machinami.broker.town import Town
from machinami.kit.http import Request, Response
from machinami.model.context import Context
from machinami.model.found import TypeSummary
from machinami.model.names import check_name
from machinami.model.principal import Principal

LIST = frozenset({"details", "local"})
ONE = frozenset({"local"})
TYPES_ID = "urn:ngsi-ld:EntityTypeList:machinami"
ATTRIBUTES_ID = "urn:ngsi-ld:AttributeList:machinami"

Found = TypeVar("Found")
Find = Callable[[Town, Context, Principal], Awaitable[Found]]
Shape = Callable[[Found, Context], Any]


class Discovery:
    """The handlers of /types and /attributes."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def types(self, request: Request) -> Awaitable[Response]:
        """Every type in use (5.7.5), with its attributes if `details` is true (5.7.6)."""
        details = read_flag(check_parameters(request, LIST), "details")
        return self._told(request, lambda town, _, by: discovery.types(town, by), type_rows if details else type_list)

    def type_info(self, request: Request) -> Awaitable[Response]:
        """One type in use with its attributes (5.7.7)."""
        check_parameters(request, ONE)
        name = check_name(request.params["type"], "the path")
        return self._told(
            request, lambda town, context, by: discovery.type_info(town, context.expand(name), by), type_details
        )

    def attributes(self, request: Request) -> Awaitable[Response]:
        """Every attribute in use (5.7.8), with its kinds and types if `details` is true (5.7.9)."""
        details = read_flag(check_parameters(request, LIST), "details")
        shape = attribute_rows if details else attribute_list
        return self._told(request, lambda town, _, by: discovery.attributes(town, by), shape)

    def attribute_info(self, request: Request) -> Awaitable[Response]:
        """One attribute in use (5.7.10)."""
        check_parameters(request, ONE)
        name = check_name(request.params["attribute"], "the path")
        return self._told(
            request,
            lambda town, context, by: discovery.attribute_info(town, context.expand(name), by),
            attribute_details,
        )

    def _told(self, request: Request, find: Find[Found], shape: Shape[Found]) -> Awaitable[Response]:
        """What is found, in shape. Town and context are looked up at once, as they may have to be waited for."""
        town, media = self._face.town(request), choose(request.fields.get(b"accept"))
        context = self._face.linked_context(request)
        return _told(find(town, context, self._face.by(request)), shape, media, context)


async def _told(finding: Awaitable[Found], shape: Shape[Found], media: bytes, context: Context) -> Response:
    return told(shape(await finding, context), media, context)


def told(document: Any, media: bytes, context: Context) -> Response:
    """The answer that shows a description or several."""
    if media == LD_JSON:
        for one in document if isinstance(document, list) else [document]:
            one["@context"] = context_member(context)
    return given(media, orjson.dumps(document), context)


def type_list(found: Sequence[TypeSummary], context: Context) -> dict[str, Any]:
    """The names of the types (5.2.24)."""
    names = sorted(context.compact(summary.type) for summary in found)
    return {"id": TYPES_ID, "type": "EntityTypeList", "typeList": names}


def type_rows(found: Sequence[TypeSummary], context: Context) -> list[dict[str, Any]]:
    """The types with their attributes, a row each."""
    return [type_row(summary, context) for summary in found]


def type_row(summary: TypeSummary, context: Context) -> dict[str, Any]:
    """A type in a detailed list (5.2.25)."""
    return {
        "id": summary.type,
        "type": "EntityType",
        "typeName": context.compact(summary.type),
        "attributeNames": sorted(context.compact(name) for name in summary.attributes),
    }


def type_details(summary: TypeSummary, context: Context) -> dict[str, Any]:
    """Everything about a type (5.2.26)."""
    details = [
        {
            "id": name,
            "type": "Attribute",
            "attributeName": context.compact(name),
            "attributeTypes": sorted(kinds),
        }
        for name, kinds in sorted(summary.attributes.items())
    ]
    return {
        "id": summary.type,
        "type": "EntityTypeInfo",
        "typeName": context.compact(summary.type),
        "entityCount": summary.entity_count,
        "attributeDetails": details,
    }


def attribute_list(found: Sequence[AttributeSummary], context: Context) -> dict[str, Any]:
    """The names of the attributes (5.2.27)."""
    names = sorted(context.compact(summary.name) for summary in found)
    return {"id": ATTRIBUTES_ID, "type": "AttributeList", "attributeList": names}


def attribute_rows(found: Sequence[AttributeSummary], context: Context) -> list[dict[str, Any]]:
    """The attributes with their types, a row each."""
    return [attribute_row(summary, context) for summary in found]


def attribute_row(summary: AttributeSummary, context: Context) -> dict[str, Any]:
    """An attribute in a detailed list (4.5.14)."""
    return {
        "id": summary.name,
        "type": "Attribute",
        "attributeName": context.compact(summary.name),
        "typeNames": sorted(context.compact(name) for name in summary.types),
    }


def attribute_details(summary: AttributeSummary, context: Context) -> dict[str, Any]:
    """Everything about an attribute (5.2.28)."""
    return {
        **attribute_row(summary, context),
        "attributeCount": summary.count,
        "attributeTypes": list(summary.kinds),
    }
