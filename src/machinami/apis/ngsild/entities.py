"""Which entities are there, and how do they change? /entities and all below (ETSI GS CIM 009, 6.4 to 6.7)."""

from collections.abc import Awaitable, Mapping
from urllib.parse import quote

import orjson

from machinami.apis.ngsild.face import ROOT, Face, check_parameters, checked
from machinami.apis.ngsild.negotiation import GEO_JSON, JSON, SPATIAL, choose
from machinami.apis.ngsild.parameters import (
    QUERY,
    RETRIEVE,
    Arguments,
    Paging,
    Search,
    View,
    chosen_form,
    options,
    read_flag,
    read_search,
    read_types,
    read_view,
)
from machinami.apis.ngsild.rendering import Rendered
from machinami.apis.ngsild.shown import is_more, one_more, show_entity, show_page
from machinami.broker import operations
from machinami.broker.linking import finder
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.foundation.instant import parse_instant
from machinami.foundation.remembered import remembered
from machinami.foundation.urn import is_uri
from machinami.kit.http import Request, Response, read_arguments
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.expansion import (
    MERGE,
    UPDATE,
    Fragment,
    Intake,
    expand_attribute,
    expand_entity,
    expand_fragment,
)
from machinami.model.matching import has_types
from machinami.model.names import SCOPE
from machinami.model.null import Nulls
from machinami.model.patch import Patched
from machinami.model.query import TypeSelection

_NOTHING: frozenset[str] = frozenset()
WRITE = frozenset({"local"})
CHANGE = frozenset({"local", "type"})
APPEND = CHANGE | {"options"}
REMOVE = CHANGE | {"datasetId", "deleteAll"}
MERGE_BY = CHANGE | {"options", "format", "observedAt", "lang"}
_SIMPLIFIED = {"simplified": "simplified", "keyValues": "simplified"}
_PATH_LETTERS = ":@!$&'()*+,;=-._~"
_CACHED = 2048

SIMPLE_MERGE = Intake(Nulls.INSIDE, simplified=True)


@remembered(_CACHED)
def _retrieval(query: str, context: Context, geo: bool) -> tuple[View, TypeSelection | None]:
    arguments = checked(read_arguments(query), RETRIEVE)
    return read_view(arguments, context, geo), read_types(arguments, context)


@remembered(_CACHED)
def _search(query: str, context: Context, geo: bool, paging: Paging) -> Search:
    return read_search(checked(read_arguments(query), QUERY), context, paging, geo)


class Entities:
    """The handlers of /entities."""

    def __init__(self, face: Face, rendered: Rendered, paging: Paging) -> None:
        self._face = face
        self._rendered = rendered
        self._paging = paging

    # --- asking

    def retrieve(self, request: Request) -> Response:
        """One entity (6.5.3.1)."""
        face = self._face
        media = choose(request.fields.get(b"accept"), SPATIAL)
        context = face.linked_context(request)
        view, types = _retrieval(request.query, context, media == GEO_JSON)
        entity_id = identified(request)
        town, by = face.town(request), face.by(request)
        entity = operations.retrieve(town, entity_id, by)
        if types is not None and not has_types(types, entity.types):
            raise operations.no_entity(entity_id)
        attrs = view.representation.attrs
        if attrs and entity.attributes.keys().isdisjoint(attrs):
            raise NotFound(f"The entity {entity_id} has none of these attributes", entityId=entity_id)
        find = None if view.join is None else finder(town, by)
        return show_entity(entity, view, media, request, self._rendered, find)

    def query(self, request: Request) -> Awaitable[Response]:
        """The entities that match (6.4.3.2)."""
        media = choose(request.fields.get(b"accept"), SPATIAL)
        context = self._face.linked_context(request)
        search = _search(request.query, context, media == GEO_JSON, self._paging)
        return self.find(request, search, media)

    async def find(self, request: Request, search: Search, media: bytes) -> Response:
        """The page of entities that a search asks for."""
        face, page = self._face, search.page
        town, by = face.town(request), face.by(request)
        found, more = is_more(await operations.query(town, search.query, one_more(page), by), page)
        find = None if search.view.join is None else finder(town, by)
        return show_page(found, page, search.view, media, request, self._rendered, more, find)

    # --- changing whole entities

    def create(self, request: Request) -> Awaitable[Response]:
        """A new entity (6.4.3.1)."""
        check_parameters(request, WRITE)
        document, context = self._face.document(request)
        entity = expand_entity(document, context)
        done = operations.create(self._face.town(request, create=True), entity, self._face.by(request))
        return _created(done, entity.id)

    def replace(self, request: Request) -> Awaitable[Response]:
        """The entity as a whole (6.5.3.3)."""
        check_parameters(request, CHANGE)
        document, context = self._face.document(request)
        entity_id = same_id(document, identified(request))
        town = self._town_of(request, entity_id, context)
        present = operations.retrieve(town, entity_id, self._face.by(request))
        document.setdefault("type", [context.compact(name) for name in present.types])
        entity = expand_entity({**document, "id": entity_id}, context)
        return nothing(operations.replace(town, entity_id, entity, self._face.by(request)))

    def merge(self, request: Request) -> Awaitable[Response]:
        """A fragment is merged into the entity (6.5.3.4)."""
        arguments = check_parameters(request, MERGE_BY)
        document, context = self._face.document(request)
        entity_id = same_id(document, identified(request))
        fragment = expand_fragment(document, context, merge_intake(arguments))
        observed_at = parse_instant(arguments["observedAt"], "observedAt") if "observedAt" in arguments else None
        done = operations.merge(
            self._town_of(request, entity_id, context),
            entity_id,
            fragment,
            self._face.by(request),
            observed_at,
            arguments.get("lang"),
        )
        return nothing(done)

    def delete(self, request: Request) -> Awaitable[Response]:
        """The entity goes; its history stays (6.5.3.2)."""
        check_parameters(request, CHANGE)
        entity_id = identified(request)
        town = self._town_of(request, entity_id, None)
        return nothing(operations.delete(town, entity_id, self._face.by(request)))

    def without_id(self, request: Request) -> Response:
        """A path that ends where the id of the entity belongs (5.6.17, 5.6.18)."""
        raise BadRequestData("The path ends before the id of the entity; write /entities/ID", member="id")

    # --- changing attributes

    def append(self, request: Request) -> Awaitable[Response]:
        """Attributes are added (6.6.3.1)."""
        words = options(check_parameters(request, APPEND), frozenset({"noOverwrite"}))
        entity_id, town, fragment = self._fragment(request)
        done = operations.append(town, entity_id, fragment, "noOverwrite" not in words, self._face.by(request))
        return _updated(done)

    def update(self, request: Request) -> Awaitable[Response]:
        """Attributes that exist are changed (6.6.3.2)."""
        check_parameters(request, CHANGE)
        entity_id, town, fragment = self._fragment(request)
        return _updated(operations.update(town, entity_id, fragment, self._face.by(request)))

    def update_attribute(self, request: Request) -> Awaitable[Response]:
        """Parts of one attribute are changed (6.7.3.1)."""
        check_parameters(request, CHANGE)
        document, context = self._face.document(request)
        entity_id, name = identified(request), context.attribute(request.params["attribute"])
        body = expand_attribute(request.params["attribute"], document, context, UPDATE)
        town = self._town_of(request, entity_id, context)
        return nothing(operations.update_attribute(town, entity_id, name, body, self._face.by(request)))

    def replace_attribute(self, request: Request) -> Awaitable[Response]:
        """One attribute is replaced (6.7.3.3)."""
        check_parameters(request, CHANGE)
        document, context = self._face.document(request)
        entity_id, name = identified(request), context.attribute(request.params["attribute"])
        body = expand_attribute(request.params["attribute"], document, context)
        town = self._town_of(request, entity_id, context)
        return nothing(operations.replace_attribute(town, entity_id, name, body, self._face.by(request)))

    def delete_attribute(self, request: Request) -> Awaitable[Response]:
        """One attribute goes, or one dataset of it, or all of them (6.7.3.2)."""
        arguments = check_parameters(request, REMOVE)
        context = self._face.linked_context(request)
        entity_id, name = identified(request), _deletable(request.params["attribute"], context)
        dataset = arguments.get("datasetId")
        if dataset is not None and dataset != "@none" and not is_uri(dataset):
            raise BadRequestData(f"{dataset[:100]!r} in datasetId is not a URI", parameter="datasetId")
        done = operations.delete_attribute(
            self._town_of(request, entity_id, context),
            entity_id,
            name,
            self._face.by(request),
            None if dataset == "@none" else dataset,
            read_flag(arguments, "deleteAll"),
        )
        return nothing(done)

    def _fragment(self, request: Request) -> tuple[str, Town, Fragment]:
        document, context = self._face.document(request)
        entity_id = same_id(document, identified(request))
        fragment = expand_fragment(document, context, UPDATE)
        return entity_id, self._town_of(request, entity_id, context), fragment

    def _town_of(self, request: Request, entity_id: str, context: Context | None) -> Town:
        """The town of a request that changes an entity, which must be of the types that `type` asks for."""
        town = self._face.town(request)
        if request.query and "type" in request.arguments:
            wanted = parse.parse_types(request.arguments["type"], context or self._face.linked_context(request))
            present = operations.retrieve(town, entity_id, self._face.by(request))
            if wanted is not None and not has_types(wanted, present.types):
                raise operations.no_entity(entity_id)
        return town


def merge_intake(arguments: Arguments) -> Intake:
    """How the body of a merge is to be read: simplified where `format` or `options` says so (6.5.3.4)."""
    words = options(arguments, frozenset({"keyValues", "simplified"}))
    return SIMPLE_MERGE if chosen_form(arguments, words, _SIMPLIFIED) else MERGE


def identified(request: Request) -> str:
    """The entity id in the path. Raises BadRequestData if it is no URI."""
    entity_id = request.params["id"]
    if not is_uri(entity_id):
        raise BadRequestData(
            f"{entity_id[:200]!r} in the path is not a URI; an entity id is one, such as urn:ngsi-ld:RiverGauge:1"
        )
    return entity_id


def _deletable(term: str, context: Context) -> str:
    """The name of an attribute, or of the scope, which can be deleted as one (5.6.5)."""
    return SCOPE if term == "scope" or context.expand(term) == SCOPE else context.attribute(term)


def same_id(document: Mapping[str, object], entity_id: str) -> str:
    """The entity id in the path. Raises BadRequestData if the body has another one."""
    stated = document.get("id", entity_id)
    if stated != entity_id:
        raise BadRequestData("The id in the body is not the id in the path; an id cannot be changed", member="id")
    return entity_id


def location(kind: str, identifier: str) -> tuple[bytes, bytes]:
    """The Location header of something new; ids keep their colons (RFC 3986, 3.3)."""
    return b"Location", f"{ROOT}/{kind}/{quote(identifier, safe=_PATH_LETTERS)}".encode("ascii")


async def _created(done: Awaitable[None], entity_id: str) -> Response:
    await done
    return Response(201, headers=[location("entities", entity_id)])


async def nothing(done: Awaitable[object]) -> Response:
    """The answer of what gives nothing back, when it is done."""
    await done
    return Response(204)


async def _updated(done: Awaitable[Patched]) -> Response:
    """204 where everything was done, else 207 with what was not (5.2.18), in expanded names (6.3.6)."""
    patched = await done
    if not patched.not_updated:
        return Response(204)
    result = {
        "updated": list(patched.updated),
        "notUpdated": [{"attributeName": left.name, "reason": left.reason} for left in patched.not_updated],
    }
    return Response(207, orjson.dumps(result), JSON)
