"""How does a client have data frozen and read them later? /snapshots (ETSI GS CIM 009, 5.16, 6.36 to 6.38)."""

from collections.abc import Awaitable
from dataclasses import replace

import orjson

from machinami.apis.ngsild.entities import identified, location, same_id
from machinami.apis.ngsild.entity_maps import without_asking
from machinami.apis.ngsild.face import Face, check_parameters, context_member, given
from machinami.apis.ngsild.members import required_object
from machinami.apis.ngsild.negotiation import LD_JSON, choose
from machinami.apis.ngsild.parameters import Paging, is_local, read_search
from machinami.apis.ngsild.query_document import query_arguments, read_selectors
from machinami.apis.ngsild.shared_reading import wide_of
from machinami.apis.ngsild.shared_temporal import wide_past
from machinami.apis.ngsild.sharing import limited, triggered
from machinami.apis.ngsild.snapshot_documents import (
    CURRENT,
    FIXED,
    QUERIES,
    TEMPORAL,
    Json,
    read_condition,
    read_fragment,
    read_lifetime,
    read_said,
    searchable,
    written,
)
from machinami.apis.ngsild.temporal_parameters import read_evolution
from machinami.broker.history import Span
from machinami.broker.snapshot_filling import Asked, AskedPast
from machinami.broker.snapshots import Snapshots
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, OperationNotSupported
from machinami.kit.http import Handler, Request, Response
from machinami.model.context import Context
from machinami.model.fragments import wrong
from machinami.model.matching import matches
from machinami.model.query import Query
from machinami.model.snapshot import Snapshot

PURGE = frozenset({"q"})
_PARTS = ("/entities", "/entityOperations", "/temporal", "/types", "/attributes", "/subscriptions")


def frozen(path: str, handler: Handler) -> Handler:
    """The handler of an operation on a snapshot, which is always local and a fixed set by itself (5.5.15, 5.5.13):
    of those on entities, their past and subscriptions to them (Table 4.3.5-1)."""

    def run(request: Request) -> Response | Awaitable[Response]:
        plain = without_asking(request)
        return handler(limited(plain) if reads_entities(request.method, path) else plain)

    def refuse(request: Request) -> Response:
        raise OperationNotSupported("A snapshot has no such operation; leave the NGSILD-Snapshot header out")

    return run if path.startswith(_PARTS) and not path.endswith("entityMaps") else refuse


def reads_entities(method: str, path: str) -> bool:
    """Whether an operation reads, and so may ask sources."""
    return not path.startswith("/subscriptions") and (method == "GET" or path.endswith("/query"))


class FrozenData:
    """The handlers of /snapshots."""

    def __init__(self, face: Face, paging: Paging) -> None:
        self._face = face
        self._paging = paging
        self._snapshots: Snapshots = face.broker.snapshots

    def create(self, request: Request) -> Response:
        """The answers of these queries are frozen (6.36.3.1)."""
        document, context = self._document(request)
        said = read_said(document, FIXED | QUERIES)
        if said.keys().isdisjoint(QUERIES):
            raise BadRequestData(f"Say what is to be frozen: {' or '.join(sorted(QUERIES))}", member=CURRENT)
        town = self._face.town(request)
        queries = [self._asked(row, context, request, town) for row in said.get(CURRENT, ())]
        pasts = [self._asked_past(row, context, request) for row in said.get(TEMPORAL, ())]
        federation, by = self._face.broker.federation, self._face.by(request)
        return _created(self._snapshots.create(town, said, read_lifetime(said), queries, pasts, federation, by))

    def clone(self, request: Request) -> Response:
        """The same data in another snapshot (6.38.3.1)."""
        document, _ = self._document(request)
        said = read_said(document, FIXED)
        town, by = self._face.town(request), self._face.by(request)
        return _created(self._snapshots.clone(town, identified(request), said, read_lifetime(said), by))

    def retrieve(self, request: Request) -> Response:
        """How a snapshot fares (6.37.3.1)."""
        check_parameters(request, frozenset())
        media, context = choose(request.fields.get(b"accept")), self._face.linked_context(request)
        found = self._snapshots.get(self._face.town(request), identified(request), self._face.by(request))
        return _told(found, media, context)

    def update(self, request: Request) -> Response:
        """Another lifetime, priority or endpoint (6.37.3.2)."""
        check_parameters(request, frozenset())
        media, snapshot_id = choose(request.fields.get(b"accept")), identified(request)
        document, context = self._face.document(request)
        same_id(document, snapshot_id)
        said, gone = read_fragment(document)
        town, by = self._face.town(request), self._face.by(request)
        return _told(self._snapshots.update(town, snapshot_id, said, gone, read_lifetime(said), by), media, context)

    def delete(self, request: Request) -> Response:
        """A snapshot goes (6.37.3.3)."""
        check_parameters(request, frozenset())
        self._snapshots.drop(self._face.town(request), identified(request), self._face.by(request))
        return Response(204)

    def purge(self, request: Request) -> Response:
        """Those go that a condition on their members finds (6.36.3.2)."""
        arguments = check_parameters(request, PURGE)
        query = Query(q=read_condition(arguments))
        town = self._face.town(request)
        now = town.clock()
        self._snapshots.purge(town, lambda one: matches(query, searchable(one), now), self._face.by(request))
        return Response(204)

    def _document(self, request: Request) -> tuple[Json, Context]:
        check_parameters(request, frozenset())
        return self._face.document(request)

    def _asked(self, row: Json, context: Context, request: Request, town: Town) -> Asked:
        arguments = query_arguments(row)
        search = read_search(arguments, context, self._paging)
        selectors = read_selectors(row, context)
        search = replace(search, query=replace(search.query, selectors=selectors))
        wide = wide_of(search, arguments, context, town, self._face.broker.federation.split)
        return Asked(wide, search.view.representation, triggered(request, context), is_local(arguments))

    def _asked_past(self, row: Json, context: Context, request: Request) -> AskedPast:
        required_object(row, "temporalQ", f"{TEMPORAL}.")
        if "aggrParams" in row:
            raise wrong(f"{TEMPORAL}.aggrParams", "has no meaning where what is found is kept as it was")
        wanted = read_evolution(query_arguments(row, evolution=True), context, self._paging, True)
        query = replace(wanted.query, selectors=read_selectors(row, context))
        wide = wide_past(replace(wanted, query=query), self._face.broker.federation.split)
        return AskedPast(wide, Span(wanted.attributes, wanted.temporal), triggered(request, context), wanted.local)


def _created(snapshot: Snapshot) -> Response:
    return Response(201, headers=[location("snapshots", snapshot.id)])


def _told(snapshot: Snapshot, media: bytes, context: Context) -> Response:
    document = written(snapshot)
    if media == LD_JSON:
        document["@context"] = context_member(context)
    return given(media, orjson.dumps(document), context)
