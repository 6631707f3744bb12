"""How is a change of one entity shared with the sources that hold it? (ETSI GS CIM 009, 5.6.1 to 5.6.6, 5.6.17 on)

Each source gets the same request, cut down to what it registered; so does this broker, of what is left. What is no
valid request is refused before anybody is told of it.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from machinami.apis.ngsild.entities import identified, location
from machinami.apis.ngsild.face import Face, check_parameters
from machinami.apis.ngsild.negotiation import LD_JSON, content_type, read_json
from machinami.apis.ngsild.parameters import Arguments, read_types
from machinami.apis.ngsild.shared_outcomes import combined, of_part, of_response
from machinami.apis.ngsild.sharing import answered, limited, triggered
from machinami.broker import operations
from machinami.broker.federation.federation import Asked, together
from machinami.broker.federation.trigger import Trigger
from machinami.broker.federation.writing import division, send
from machinami.broker.town import Town
from machinami.kit.http import Handler, Request, Response
from machinami.model.context import Context
from machinami.model.distribution import Division, Share
from machinami.model.expansion import UPDATE, expand_attribute, expand_entity, expand_fragment
from machinami.model.write_types import format_types

HEAD = frozenset(
    {"id", "@id", "type", "@type", "scope", "@context", "expiresAt", "createdAt", "modifiedAt", "deletedAt"}
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One request that changes one entity. names: the attributes by their IRIs, as the body calls them; types: of the
    entity, None where nobody here knows; held: whether it is here."""

    request: Request
    town: Town
    trigger: Trigger
    entity_id: str
    types: tuple[str, ...] | None
    held: bool
    arguments: Arguments
    names: Mapping[str, str]
    document: Json | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One operation: its name in registrations (4.20), the query parameters that it knows, its path at a source.

    by_attribute: whether its outcome is told attribute by attribute; if_held: whether this broker's part is nothing
    where the entity is not here; creates: whether it makes the entity.
    """

    operation: str
    known: frozenset[str]
    by_attribute: bool = False
    if_held: bool = False
    creates: bool = False


class SharedWriting:
    """Changes of one entity beyond this broker."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def whole(self, kind: Kind, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """A change whose body is an entity or a part of one."""
        arguments = check_parameters(request, kind.known)
        document, context = self._face.document(request)
        if kind.creates:
            entity_id = expand_entity(document, context).id
            types = expand_entity(document, context).types
        else:
            entity_id = identified(request)
            types = expand_fragment(document, context, UPDATE).types if kind.by_attribute else ()
        names = {context.attribute(name): name for name in document if name not in HEAD}
        change = self._change(request, town, context, entity_id, types, arguments, names, document)
        return self._share(kind, change, local)

    def attribute(self, kind: Kind, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """A change of one attribute, with a body or without."""
        arguments = check_parameters(request, kind.known)
        name = request.params["attribute"]
        if request.method == "DELETE":
            document, context = None, self._face.linked_context(request)
        else:
            document, context = self._face.document(request)
            expand_attribute(name, document, context, UPDATE)
        names = {context.attribute(name): name}
        change = self._change(request, town, context, identified(request), (), arguments, names, document)
        return self._share(kind, change, local)

    def removal(self, kind: Kind, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """An entity goes."""
        arguments = check_parameters(request, kind.known)
        context = self._face.linked_context(request)
        change = self._change(request, town, context, identified(request), (), arguments, {}, None)
        return self._share(kind, change, local)

    def _change(
        self,
        request: Request,
        town: Town,
        context: Context,
        entity_id: str,
        types: Sequence[str],
        arguments: Arguments,
        names: Mapping[str, str],
        document: Json | None,
    ) -> Change:
        present = operations.peek(town, entity_id, self._face.by(request))
        known = tuple(dict.fromkeys((*(present.types if present is not None else ()), *types)))
        trigger = triggered(request, context)
        held = present is not None
        return Change(request, town, trigger, entity_id, known or None, held, arguments, names, document)

    async def _share(self, kind: Kind, change: Change, local: Handler) -> Response:
        federation = self._face.broker.federation
        iris, by = frozenset(change.names), self._face.by(change.request)
        divided = division(
            federation, change.town, (kind.operation,), change.entity_id, change.types, iris, change.trigger, by
        )
        if not divided.shares:
            return await answered(local, limited(change.request))
        works = [
            send(federation, change.town, share, partial(_asked, kind, change, share), change.trigger)
            for share in divided.shares
        ]
        here: list[Awaitable[Response]] = []
        if _is_here(kind, change, divided):
            here.append(answered(local, limited(change.request, _left(change, divided))))
        parts, own = await asyncio.gather(together(works), together(here))
        outcomes = [of_response(each, _named(change, divided.left)) for each in own]
        outcomes += [of_part(part, _named(change, part.attributes)) for part in parts]
        return combined(change.entity_id, outcomes, _success(kind, change, own), kind.by_attribute)


def _is_here(kind: Kind, change: Change, divided: Division) -> bool:
    """Whether anything is left to be done here."""
    if kind.if_held and not change.held and divided.taken:
        return False
    if change.names:
        return bool(divided.left) or not divided.taken
    return not divided.taken or kind.if_held


def _left(change: Change, divided: Division) -> bytes | None:
    """The body of what is left for this broker; None where the body is as it came."""
    document = change.document
    if document is None or len(divided.left) == len(change.names):
        return None
    kept = {name: value for name, value in document.items() if name in HEAD}
    kept.update({name: document[name] for iri, name in change.names.items() if iri in divided.left})
    if content_type(change.request) == LD_JSON:
        kept["@context"] = read_json(change.request.body).get("@context")
    return orjson.dumps(kept)


def _asked(kind: Kind, change: Change, share: Share, context: Context) -> Asked:
    """What a source is asked to do: the same, cut down to its share."""
    request = change.request
    path = "/entities" if kind.creates else f"/entities/{change.entity_id}"
    document = change.document
    if "attribute" in request.params:
        path += f"/attrs/{context.compact(next(iter(change.names)))}"
        document = None if document is None else {**document}
    elif document is not None:
        names = change.names if share.attributes is None else share.attributes
        kept = {name: value for name, value in document.items() if name in HEAD}
        document = {**kept, **{change.names[iri]: document[change.names[iri]] for iri in names}}
        if kind.by_attribute:
            path += "/attrs"
    return Asked(request.method, path, _arguments(change, context), document)


def _arguments(change: Change, context: Context) -> Mapping[str, str]:
    arguments = {name: text for name, text in change.arguments.items() if name != "local"}
    types = read_types(arguments, change.trigger.context) if "type" in arguments else None
    if types is not None:
        arguments["type"] = format_types(types, context)
    return arguments


def _named(change: Change, iris: frozenset[str] | None) -> list[str]:
    return [name for iri, name in change.names.items() if iris is None or iri in iris]


def _success(kind: Kind, change: Change, own: Sequence[Response]) -> Response:
    if kind.creates:
        return Response(201, headers=[location("entities", change.entity_id)])
    return own[0] if own else Response(204)
