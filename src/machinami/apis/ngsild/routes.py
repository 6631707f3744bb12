"""Which paths does the NGSI-LD face have? One row for each operation (ETSI GS CIM 009, 6.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from machinami.apis.ngsild import (
    batch,
    contexts,
    discovery,
    entities,
    entity_maps,
    mapped,
    registrations,
    snapshots,
    subscriptions,
    temporal_parameters,
    temporal_provision,
)
from machinami.apis.ngsild.batch import Batches
from machinami.apis.ngsild.contexts import KeptContexts
from machinami.apis.ngsild.discovery import Discovery
from machinami.apis.ngsild.entities import Entities
from machinami.apis.ngsild.entity_maps import MappedEntities
from machinami.apis.ngsild.face import ROOT, Face, carried
from machinami.apis.ngsild.identity import identity
from machinami.apis.ngsild.mapped import Following
from machinami.apis.ngsild.openapi import operation
from machinami.apis.ngsild.parameters import Paging
from machinami.apis.ngsild.preferences import shows_entities
from machinami.apis.ngsild.purge import PURGE, Purge
from machinami.apis.ngsild.registrations import Registrations
from machinami.apis.ngsild.relaying import PATH, Relaying
from machinami.apis.ngsild.rendering import Rendered
from machinami.apis.ngsild.shared_routes import shared_routes
from machinami.apis.ngsild.snapshots import FrozenData, frozen
from machinami.apis.ngsild.subscriptions import SourceSubscriptions, Subscriptions
from machinami.apis.ngsild.temporal import POST_QUERY, Temporal
from machinami.apis.ngsild.temporal_provision import TemporalProvision
from machinami.broker.broker import Broker
from machinami.kit.http import Handler, Route
from machinami.kit.openapi import OPERATION
from machinami.kit.origin import AS_ASKED, Origin
from machinami.kit.viewing import Identify, anyone

NONE: frozenset[str] = frozenset()
DEFAULT_PAGING = Paging()


def routes(
    broker: Broker, identify: Identify = anyone, paging: Paging = DEFAULT_PAGING, origin: Origin = AS_ASKED
) -> list[Route]:
    """Every route of the face. identify: who stands behind a request; origin: how clients call this broker."""
    face = Face(broker, identify, origin)
    rendered = Rendered()
    temporal = Temporal(face, paging)
    rows = [
        *_entity_rows(Entities(face, rendered, paging), Purge(face)),
        *_batch_rows(Batches(face, Entities(face, rendered, paging), paging)),
        *_temporal_rows(temporal, TemporalProvision(face)),
        *_subscription_rows(Subscriptions(face, paging)),
        *_subscription_rows(SourceSubscriptions(face, paging), " to sources"),
        *_registration_rows(Registrations(face, paging)),
        *_discovery_rows(Discovery(face)),
        *_context_rows(KeptContexts(face)),
        row("GET", "/info/sourceIdentity", identity(face), "Who is this broker?", "Information", "identity"),
    ]
    alone = {(route.method, route.path): route.handler for route in rows}
    rows = shared_routes(rows, face, rendered, paging)
    following = Following(face, rendered, paging, temporal)
    rows = [*map(following.route, rows), *_map_rows(MappedEntities(face, paging, temporal))]
    rows += _snapshot_rows(FrozenData(face, paging))
    return [*(_carried(route, alone) for route in rows), _told_by_sources(Relaying(face))]


def _told_by_sources(relaying: Relaying) -> Route:
    hear = carried(relaying.hear, relaying.hear)
    summary = "Tell of what somebody here subscribed to"
    return row("POST", PATH, hear, summary, "Subscriptions", "heard", body="Notification")


def _carried(route: Route, alone: Mapping[tuple[str, str], Handler]) -> Route:
    key = route.method, route.path
    on_snapshot = frozen(route.path, alone.get(key, route.handler))
    return replace(route, path=ROOT + route.path, handler=carried(route.handler, on_snapshot, shows_entities(*key)))


def row(
    method: str,
    path: str,
    handler: Handler,
    summary: str,
    tag: str,
    gives: str,
    known: frozenset[str] = NONE,
    body: str = "",
    hot: bool = False,
) -> Route:
    """One operation. gives: the name of its answers; known: its query parameters; body: the schema of its body."""
    return Route(method, path, handler, summary, tag, hot, {OPERATION: operation(method, path, known, body, gives)})


def _entity_rows(handlers: Entities, purge: Purge) -> Iterable[Route]:
    tag = "Entities"
    one, every, named = "/entities/{id}", "/entities/{id}/attrs", "/entities/{id}/attrs/{attribute}"
    h = handlers
    return [
        row("POST", "/entities", h.create, "Create an entity", tag, "created", entities.WRITE, "Entity", hot=True),
        row("GET", "/entities", h.query, "Query entities", tag, "entities", mapped.MAPPED, hot=True),
        row("GET", one, h.retrieve, "Retrieve an entity", tag, "entity", mapped.MAPPED_ONE, hot=True),
        row("DELETE", "/entities", purge.purge, "Purge entities", tag, "done", PURGE),
        row("PUT", "/entities", h.without_id, "Replace an entity: the path needs its id", tag, "refused"),
        row("PATCH", "/entities", h.without_id, "Merge into an entity: the path needs its id", tag, "refused"),
        row("PUT", one, h.replace, "Replace an entity", tag, "done", entities.CHANGE, "EntityFragment"),
        row("PATCH", one, h.merge, "Merge into an entity", tag, "done", entities.MERGE_BY, "EntityFragment"),
        row("DELETE", one, h.delete, "Delete an entity", tag, "done", entities.CHANGE),
        row("POST", every, h.append, "Append attributes", tag, "updated", entities.APPEND, "EntityFragment"),
        row("PATCH", every, h.update, "Update attributes", tag, "updated", entities.CHANGE, "EntityFragment", hot=True),
        row(
            "PATCH",
            named,
            h.update_attribute,
            "Update parts of an attribute",
            tag,
            "done",
            entities.CHANGE,
            "Attribute",
            True,
        ),
        row("PUT", named, h.replace_attribute, "Replace an attribute", tag, "done", entities.CHANGE, "Attribute"),
        row("DELETE", named, h.delete_attribute, "Delete an attribute", tag, "done", entities.REMOVE),
    ]


def _batch_rows(handlers: Batches) -> Iterable[Route]:
    tag, root = "Batches", "/entityOperations"
    h = handlers
    return [
        row("POST", f"{root}/create", h.create, "Create entities", tag, "all, with the new", batch.LOCAL, "Entities"),
        row(
            "POST",
            f"{root}/upsert",
            h.upsert,
            "Create or update entities",
            tag,
            "all, with the new",
            batch.OPTIONS,
            "Entities",
            hot=True,
        ),
        row("POST", f"{root}/update", h.update, "Update entities", tag, "all", batch.OPTIONS, "Entities"),
        row("POST", f"{root}/merge", h.merge, "Merge into entities", tag, "all", batch.MERGE_OPTIONS, "Entities"),
        row("POST", f"{root}/delete", h.delete, "Delete entities", tag, "all", batch.LOCAL, "Ids"),
        row("POST", f"{root}/query", h.query, "Query entities by a document", tag, "entities", batch.QUERY, "Query"),
    ]


def _temporal_rows(handlers: Temporal, writers: TemporalProvision) -> Iterable[Route]:
    tag, root, known = "History", "/temporal", temporal_parameters
    h, w = handlers, writers
    one = f"{root}/entities/{{id}}"
    every, named, instance = f"{one}/attrs", f"{one}/attrs/{{attribute}}", f"{one}/attrs/{{attribute}}/{{instance}}"
    write, remove, asking = temporal_provision.WRITE, temporal_provision.REMOVE, entity_maps.ASKING
    return [
        row("POST", f"{root}/entities", w.tell, "Tell the past of an entity", tag, "told", write, "EntityTemporal"),
        row("DELETE", one, w.forget, "Forget the past of an entity", tag, "done", write),
        row("POST", every, w.add, "Add to the past of an entity", tag, "done", write, "EntityTemporalFragment"),
        row("DELETE", named, w.forget_attribute, "Forget the past of an attribute", tag, "done", remove),
        row("PATCH", instance, w.replace_instance, "Replace a past instance", tag, "done", write, "Attribute"),
        row("DELETE", instance, w.forget_instance, "Forget a past instance", tag, "done", write),
        row(
            "GET",
            f"{root}/entities",
            h.query,
            "Query the past of entities",
            tag,
            "pasts",
            known.QUERY | asking,
            hot=True,
        ),
        row("GET", one, h.retrieve, "Retrieve the past of an entity", tag, "past", known.RETRIEVE | asking, hot=True),
        row(
            "POST",
            f"{root}/entityOperations/query",
            h.post_query,
            "Query the past by a document",
            tag,
            "pasts",
            POST_QUERY | asking,
            "Query",
        ),
    ]


def _subscription_rows(handlers: Subscriptions, to: str = "") -> Iterable[Route]:
    tag = f"Subscriptions{to}"
    every, one, known = f"/{handlers.path}", f"/{handlers.path}/{{id}}", subscriptions
    h = handlers
    return [
        row("POST", every, h.create, f"Subscribe{to}", tag, "created", known.LOCAL, "Subscription", hot=True),
        row("GET", every, h.list_all, f"List subscriptions{to}", tag, "subscriptions", known.LIST),
        row("GET", one, h.retrieve, f"Retrieve a subscription{to}", tag, "subscription", known.ONE),
        row("PATCH", one, h.update, f"Change a subscription{to}", tag, "done", known.LOCAL, "SubscriptionFragment"),
        row("DELETE", one, h.delete, f"Unsubscribe{' from sources' if to else ''}", tag, "done", known.LOCAL),
    ]


def _registration_rows(handlers: Registrations) -> Iterable[Route]:
    tag, root, known = "Registrations", "/csourceRegistrations", registrations
    one, h = f"{root}/{{id}}", handlers
    return [
        row("POST", root, h.create, "Register a Context Source", tag, "created", body="Registration", hot=True),
        row("GET", root, h.discover, "Find Context Sources", tag, "registrations", known.DISCOVER),
        row("GET", one, h.retrieve, "Retrieve a registration", tag, "registration", known.ONE),
        row("PATCH", one, h.update, "Change a registration", tag, "done", body="RegistrationFragment"),
        row("DELETE", one, h.delete, "Forget a Context Source", tag, "done"),
    ]


def _map_rows(handlers: MappedEntities) -> Iterable[Route]:
    tag, every, one, past = "Entity maps", "/entityMaps", "/entityMaps/{id}", "/temporal/entityMaps"
    h, known = handlers, entity_maps
    return [
        row("GET", every, h.create, "Fix the entities of a query", tag, "mapped", known.CREATE),
        row("POST", every, h.post_create, "Fix them by a document", tag, "mapped", known.CREATE, "Query"),
        row("GET", past, h.create_past, "Fix the entities of a past", tag, "mapped", known.CREATE_PAST),
        row("POST", past, h.post_create_past, "By a document", tag, "mapped", known.CREATE_PAST, "Query"),
        row("GET", one, h.retrieve, "Retrieve an entity map", tag, "map"),
        row("PATCH", one, h.update, "Change when it expires", tag, "done", body="EntityMapFragment"),
        row("DELETE", one, h.delete, "Forget an entity map", tag, "done"),
    ]


def _snapshot_rows(handlers: FrozenData) -> Iterable[Route]:
    tag, every, one = "Snapshots", "/snapshots", "/snapshots/{id}"
    h = handlers
    return [
        row("POST", every, h.create, "Freeze what queries find", tag, "created", body="Snapshot"),
        row("DELETE", every, h.purge, "Purge snapshots", tag, "done", snapshots.PURGE),
        row("GET", one, h.retrieve, "How does a snapshot fare?", tag, "snapshot"),
        row("PATCH", one, h.update, "Change a snapshot", tag, "snapshot", body="SnapshotFragment"),
        row("DELETE", one, h.delete, "Forget a snapshot", tag, "done"),
        row("POST", f"{one}/clone", h.clone, "Clone a snapshot", tag, "created", body="SnapshotFragment"),
    ]


def _discovery_rows(handlers: Discovery) -> Iterable[Route]:
    tag, known = "Discovery", discovery
    h = handlers
    return [
        row("GET", "/types", h.types, "Which types are in use?", tag, "types", known.LIST),
        row("GET", "/types/{type}", h.type_info, "What has this type?", tag, "description", known.ONE),
        row("GET", "/attributes", h.attributes, "Which attributes are in use?", tag, "attributes", known.LIST),
        row(
            "GET",
            "/attributes/{attribute}",
            h.attribute_info,
            "What has this attribute?",
            tag,
            "description",
            known.ONE,
        ),
    ]


def _context_rows(handlers: KeptContexts) -> Iterable[Route]:
    tag, known = "Contexts", contexts
    h = handlers
    return [
        row("GET", "/jsonldContexts", h.list_all, "List the kept @contexts", tag, "contexts", known.LIST),
        row("POST", "/jsonldContexts", h.add, "Host a @context", tag, "created", body="Context"),
        row("GET", "/jsonldContexts/{id}", h.serve, "Serve a @context", tag, "context", known.SERVE),
        row("DELETE", "/jsonldContexts/{id}", h.delete, "Forget or reload a @context", tag, "done", known.DELETE),
    ]
