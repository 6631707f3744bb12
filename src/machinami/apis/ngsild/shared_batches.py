"""How is a batch shared with the sources that hold its entities? (ETSI GS CIM 009, 5.6.7 to 5.6.10, 5.6.20)

Each source gets one batch with what it registered of the entities, or, where it takes no batches, a request for each
entity; this broker does what is left.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from machinami.apis.ngsild.face import Face, check_parameters
from machinami.apis.ngsild.negotiation import content_type, read_json
from machinami.apis.ngsild.shared_writing import HEAD
from machinami.apis.ngsild.sharing import answered, limited, triggered
from machinami.broker import operations
from machinami.broker.federation.federation import Asked, Federation, Reply, together
from machinami.broker.federation.trigger import Trigger
from machinami.broker.federation.writing import Part, division, outcome, unsent
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.foundation.urn import is_uri
from machinami.kit.http import JSON, Handler, Request, Response
from machinami.kit.problem import describe
from machinami.model.context import Context
from machinami.model.distribution import Division, Share
from machinami.model.expansion import MERGE, expand_fragment

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BatchKind:
    """One batch operation: its name in registrations and path at a source; single: the operation that does the same
    for one entity, with its method, and whether the entity's id is in its path."""

    operation: str
    path: str
    known: frozenset[str]
    single: str
    method: str
    suffix: str = ""
    collected: bool = False
    creates: bool = False


@dataclass(slots=True)
class Tally:
    """What became of each entity: S and E of the clauses; created: those of S that are new."""

    success: dict[str, None] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)
    created: dict[str, None] = field(default_factory=dict)

    def fail(self, entity_id: str, error: MachinamiError, registration_id: str | None) -> None:
        """An entity was not done."""
        told: Json = {"entityId": entity_id, "error": describe(error)[1]}
        if registration_id is not None:
            told["registrationId"] = registration_id
        self.errors.append(told)

    def done(self, entity_id: str, created: bool) -> None:
        """An entity was done."""
        self.success[entity_id] = None
        if created:
            self.created[entity_id] = None


@dataclass(slots=True)
class Lot:
    """What one source gets of a batch."""

    share: Share
    rows: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Split:
    """A batch divided: the lots of the sources, and the rows that are left for here."""

    lots: dict[str, Lot] = field(default_factory=dict)
    rows: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


class SharedBatches:
    """Batches beyond this broker."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def entities(self, kind: BatchKind, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """A batch of entities or of parts of them."""
        check_parameters(request, kind.known)
        read = self._face.documents(request)
        context = next((c for _, c in read if isinstance(c, Context)), self._face.context(None))
        trigger = triggered(request, context)
        split = Split()
        raw = read_json(request.body)
        for (document, own), row in zip(read, raw, strict=True):
            self._divide(kind, town, trigger, split, document, own, row, request)
        return self._share(kind, request, town, local, trigger, split)

    def ids(self, kind: BatchKind, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """A batch of ids: their entities go."""
        check_parameters(request, kind.known)
        content_type(request)
        listed = read_json(request.body)
        if not isinstance(listed, list) or not listed:
            raise BadRequestData("The body must be a JSON array of entity ids that is not empty")
        trigger = triggered(request, self._face.linked_context(request))
        split, by = Split(), self._face.by(request)
        for row in listed:
            if not is_uri(row):
                split.rows.append(row)
                continue
            present = operations.peek(town, row, by)
            types = present.types if present is not None else None
            divided = self._shares(kind, town, row, types, frozenset(), trigger, request)
            for share in divided.shares:
                _into(split, share, row, row)
            if present is not None or not divided.taken:
                split.rows.append(row)
                split.ids.append(row)
        return self._share(kind, request, town, local, trigger, split)

    def _divide(
        self,
        kind: BatchKind,
        town: Town,
        trigger: Trigger,
        split: Split,
        document: Any,
        own: Context | MachinamiError,
        row: Any,
        request: Request,
    ) -> None:
        """Put one row where it belongs; what cannot be read is left for here, where it is refused by name."""
        try:
            if not isinstance(own, Context):
                raise own
            fragment = expand_fragment(document, own, MERGE)
            names = {own.attribute(name): name for name in document if name not in HEAD}
        except MachinamiError:
            split.rows.append(row)
            return
        entity_id = fragment.id
        if entity_id is None:
            split.rows.append(row)
            return
        present = operations.peek(town, entity_id, self._face.by(request))
        types = tuple(dict.fromkeys((*(present.types if present is not None else ()), *fragment.types)))
        divided = self._shares(kind, town, entity_id, types or None, frozenset(names), trigger, request)
        head = {name: value for name, value in row.items() if name in HEAD}
        for share in divided.shares:
            kept = names if share.attributes is None else share.attributes
            _into(split, share, {**head, **{names[iri]: row[names[iri]] for iri in kept}}, entity_id)
        if divided.left or not divided.taken:
            split.rows.append({**head, **{names[iri]: row[names[iri]] for iri in names if iri in divided.left}})
            split.ids.append(entity_id)

    def _shares(
        self,
        kind: BatchKind,
        town: Town,
        entity_id: str,
        types: tuple[str, ...] | None,
        names: frozenset[str],
        trigger: Trigger,
        request: Request,
    ) -> Division:
        wanted, by = (kind.operation, kind.single), self._face.by(request)
        return division(self._face.broker.federation, town, wanted, entity_id, types, names, trigger, by)

    async def _share(
        self, kind: BatchKind, request: Request, town: Town, local: Handler, trigger: Trigger, split: Split
    ) -> Response:
        if not split.lots:
            return await answered(local, limited(request))
        tally = Tally()
        federation = self._face.broker.federation
        works = [_do(federation, town, kind, lot, request, trigger, tally) for lot in split.lots.values()]
        here: list[Awaitable[Response]] = []
        if split.rows:
            here.append(answered(local, limited(request, orjson.dumps(split.rows))))
        _, own = await asyncio.gather(together(works), together(here))
        for response in own:
            _count(tally, response.status, _document(response.body), split.ids, None, kind.creates)
        return _told(tally, kind)


def _into(split: Split, share: Share, row: Any, entity_id: str) -> None:
    lot = split.lots.setdefault(share.registration.id, Lot(share))
    lot.rows.append(row)
    lot.ids.append(entity_id)


async def _do(
    federation: Federation, town: Town, kind: BatchKind, lot: Lot, request: Request, trigger: Trigger, tally: Tally
) -> None:
    """Have one source do its lot, as a batch if it takes batches."""
    refused, name = unsent(lot.share), lot.share.registration.id
    source = town.sources.kept.get(name)
    if refused is not None or source is None:
        error = refused.error if refused is not None and refused.error is not None else BadRequestData("It has gone")
        for entity_id in lot.ids:
            tally.fail(entity_id, error, name)
        return
    if kind.operation not in lot.share.registration.operations:
        await together([_one(federation, town, source, kind, pair, request, trigger, tally) for pair in _pairs(lot)])
        return
    arguments = {key: text for key, text in request.arguments.items() if key != "local"}
    asked = Asked("POST", f"/entityOperations/{kind.path}", arguments, _plain(lot.rows))
    reply = await federation.ask(town, source, lambda _: asked, trigger)
    if reply.done:
        _count(tally, reply.status or 204, reply.document, lot.ids, name, kind.creates)
        return
    part = outcome(source.registration, None, reply)
    for entity_id in lot.ids:
        if part.error is not None:
            tally.fail(entity_id, part.error, name)


async def _one(
    federation: Federation,
    town: Town,
    source: Source,
    kind: BatchKind,
    pair: tuple[str, Any],
    request: Request,
    trigger: Trigger,
    tally: Tally,
) -> None:
    """Have a source do one entity of a batch."""
    entity_id, row = pair
    path = "/entities" if kind.collected else f"/entities/{entity_id}{kind.suffix}"
    document = None if kind.method == "DELETE" else _plain([row])[0]
    reply: Reply = await federation.ask(town, source, lambda _: Asked(kind.method, path, {}, document), trigger)
    part: Part = outcome(source.registration, None, reply)
    if part.error is not None:
        tally.fail(entity_id, part.error, source.registration.id)
    else:
        tally.done(entity_id, kind.creates)


def _pairs(lot: Lot) -> list[tuple[str, Any]]:
    return list(zip(lot.ids, lot.rows, strict=True))


def _plain(rows: Sequence[Any]) -> list[Any]:
    """The rows without @context, which goes another way."""
    return [{k: v for k, v in row.items() if k != "@context"} if isinstance(row, dict) else row for row in rows]


def _document(body: bytes) -> Any:
    return orjson.loads(body) if body else None


def _count(
    tally: Tally, status: int, document: Any, ids: Sequence[str], registration_id: str | None, creates: bool
) -> None:
    """Take the answer of a batch into the tally."""
    if status == 207 and isinstance(document, Mapping):
        errors = document.get("errors")
        for row in errors if isinstance(errors, list) else ():
            if isinstance(row, dict):
                where = {} if registration_id is None else {"registrationId": registration_id}
                tally.errors.append({**row, **where})
        success = document.get("success")
        for entity_id in success if isinstance(success, list) else ():
            tally.done(str(entity_id), creates)
        return
    if status >= 300:
        for entity_id in ids:
            tally.errors.append({"entityId": entity_id, "error": document or {"status": status}})
        return
    fresh = set(map(str, document)) if isinstance(document, list) else set(ids if status == 201 else ())
    for entity_id in ids:
        tally.done(entity_id, entity_id in fresh)


def _told(tally: Tally, kind: BatchKind) -> Response:
    if tally.errors:
        told = {"success": list(tally.success), "errors": tally.errors}
        return Response(207, orjson.dumps(told, default=str), JSON)
    if tally.created:
        return Response(201, orjson.dumps(list(tally.created)), JSON)
    return Response(201 if kind.creates else 204)
