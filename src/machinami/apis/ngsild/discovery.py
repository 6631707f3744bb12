"""Which types and attributes are in use? /types, /attributes and /info (ETSI GS CIM 009, 6.25 to 6.28, 6.33)."""

from collections.abc import Awaitable, Iterable
from typing import Any

import orjson

from machinami.apis.ngsild.face import Face, check_parameters, context_member, given
from machinami.apis.ngsild.negotiation import LD_JSON, choose
from machinami.apis.ngsild.parameters import read_flag
from machinami.broker import discovery
from machinami.broker.discovery import AttributeSummary
from machinami.kit.http import Request, Response
from machinami.model.context import Context
from machinami.model.found import TypeSummary
from machinami.model.names import check_name

LIST = frozenset({"details", "local"})
ONE = frozenset({"local"})
TYPES_ID = "urn:ngsi-ld:EntityTypeList:machinami"
ATTRIBUTES_ID = "urn:ngsi-ld:AttributeList:machinami"


class Discovery:
    """The handlers of /types and /attributes."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def types(self, request: Request) -> Awaitable[Response]:
        """Every type in use (5.7.5), with its attributes if `details` is true (5.7.6)."""
        details = read_flag(check_parameters(request, LIST), "details")
        media, context = self._words(request)
        return self._types(request, media, context, details)

    async def _types(self, request: Request, media: bytes, context: Context, details: bool) -> Response:
        found = await discovery.types(self._face.town(request), self._face.by(request))
        if details:
            return _many([type_row(summary, context) for summary in found], media, context)
        names = sorted(context.compact(summary.type) for summary in found)
        return _one({"id": TYPES_ID, "type": "EntityTypeList", "typeList": names}, media, context)

    def type_info(self, request: Request) -> Awaitable[Response]:
        """One type in use with its attributes (5.7.7)."""
        check_parameters(request, ONE)
        media, context = self._words(request)
        return self._type_info(request, media, context)

    async def _type_info(self, request: Request, media: bytes, context: Context) -> Response:
        name = context.expand(check_name(request.params["type"], "the path"))
        found = await discovery.type_info(self._face.town(request), name, self._face.by(request))
        return _one(type_details(found, context), media, context)

    def attributes(self, request: Request) -> Awaitable[Response]:
        """Every attribute in use (5.7.8), with its kinds and types if `details` is true (5.7.9)."""
        details = read_flag(check_parameters(request, LIST), "details")
        media, context = self._words(request)
        return self._attributes(request, media, context, details)

    async def _attributes(self, request: Request, media: bytes, context: Context, details: bool) -> Response:
        found = await discovery.attributes(self._face.town(request), self._face.by(request))
        if details:
            return _many([attribute_row(summary, context) for summary in found], media, context)
        names = sorted(context.compact(summary.name) for summary in found)
        return _one({"id": ATTRIBUTES_ID, "type": "AttributeList", "attributeList": names}, media, context)

    def attribute_info(self, request: Request) -> Awaitable[Response]:
        """One attribute in use (5.7.10)."""
        check_parameters(request, ONE)
        media, context = self._words(request)
        return self._attribute_info(request, media, context)

    async def _attribute_info(self, request: Request, media: bytes, context: Context) -> Response:
        name = context.expand(check_name(request.params["attribute"], "the path"))
        found = await discovery.attribute_info(self._face.town(request), name, self._face.by(request))
        return _one(attribute_details(found, context), media, context)

    def _words(self, request: Request) -> tuple[bytes, Context]:
        self._face.town(request)
        return choose(request.fields.get(b"accept")), self._face.linked_context(request)


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


def _one(document: dict[str, Any], media: bytes, context: Context) -> Response:
    if media == LD_JSON:
        document["@context"] = context_member(context)
    return given(media, orjson.dumps(document), context)


def _many(documents: Iterable[dict[str, Any]], media: bytes, context: Context) -> Response:
    listed = list(documents)
    if media == LD_JSON:
        for document in listed:
            document["@context"] = context_member(context)
    return given(media, orjson.dumps(listed), context)
