"""What does a notification look like? (ETSI GS CIM 009, 5.3.1, 5.8.6 and 6.3.8)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from machinami.foundation.instant import format_instant
from machinami.model.compaction import Json, compact_entity, to_feature
from machinami.model.conformance import conformed
from machinami.model.context import Context, core
from machinami.model.linking import Find, links_of, with_linked
from machinami.model.representation import Representation
from machinami.model.snapshot import Snapshot
from machinami.model.subscription import Subscription
from machinami.model.telling import Told, shown

JSON = "application/json"
LD_JSON = "application/ld+json"
GEO_JSON = "application/geo+json"
LINK = '<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'


@dataclass(frozen=True, slots=True)
class Message:
    """A notification ready to go: body and headers."""

    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all notifications of one subscription share: their headers, the @context that stands in their body (None:
    it is linked, 6.3.8), and the form of their entities."""

    headers: dict[str, str]
    said: Any
    form: Representation


def letterhead(subscription: Subscription, context: Context, fields: Mapping[str, str]) -> Letterhead:
    """The letterhead of a subscription whose notifications are in the words of this context; fields: of the header,
    which say where they come from."""
    wish = subscription.notification
    form = Representation(
        form=wish.form,
        sys_attrs=wish.sys_attrs,
        attrs=wish.attributes or None,
        pick=wish.pick,
        omit=wish.omit,
        lang=subscription.lang,
        datasets=subscription.datasets,
    )
    return Letterhead(*_head(subscription, context, fields), form)


def compose(
    subscription: Subscription,
    context: Context,
    head: Letterhead,
    told: Sequence[Told],
    notification_id: str,
    now: datetime,
    find: Find,
) -> Message:
    """The notification of these entities, in the form that the subscriber asked for. find: linked entities."""
    data = _data(subscription, context, head, told, find)
    document = _document("Notification", subscription, notification_id, now, data)
    if subscription.notification.endpoint.accept == LD_JSON:
        document["@context"] = head.said
    return Message(orjson.dumps(document), head.headers)


def compose_sources(
    subscription: Subscription,
    context: Context,
    data: Sequence[Json],
    reason: str,
    notification_id: str,
    now: datetime,
    fields: Mapping[str, str],
) -> Message:
    """The notification of these registrations (5.3.2)."""
    headers, said = _head(subscription, context, fields)
    rows = data if said is None else [{**row, "@context": said} for row in data]
    document = _document("ContextSourceNotification", subscription, notification_id, now, rows)
    document["triggerReason"] = reason
    if said is not None:
        document["@context"] = said
    return Message(orjson.dumps(document), headers)


def compose_snapshot(snapshot: Snapshot, notification_id: str, now: datetime, fields: Mapping[str, str]) -> Message:
    """What the maker of a snapshot is told of it (5.3.4): how it fares, and when it ends. One that has ended before
    now is no more."""
    document: Json = {
        "id": notification_id,
        "type": "SnapshotNotification",
        "snapshotId": snapshot.id,
        "snapshotStatus": snapshot.status,
        "snapshotPriority": snapshot.priority,
        "expiresAt": format_instant(snapshot.expires_at),
        "notifiedAt": format_instant(now),
    }
    if snapshot.details:
        document["snapshotQueriesDetails"] = [detail.to_document() for detail in snapshot.details]
    if snapshot.past_details:
        document["temporalSnapshotQueriesDetails"] = [detail.to_document() for detail in snapshot.past_details]
    headers = {"Content-Type": JSON, "Link": LINK.format(url=core().link), **fields}
    headers.update({pair["key"]: pair["value"] for pair in snapshot.document.get("receiverInfo", ())})
    return Message(orjson.dumps(document), headers)


def _head(subscription: Subscription, context: Context, fields: Mapping[str, str]) -> tuple[dict[str, str], Any]:
    """The headers of a notification, and the @context that stands in its body, None if it is linked (6.3.8)."""
    endpoint = subscription.notification.endpoint
    headers = {"Content-Type": endpoint.accept, **fields, **dict(endpoint.receiver_info)}
    if endpoint.accept == JSON or (endpoint.accept == GEO_JSON and _wants_no_context(headers)):
        headers["Link"] = LINK.format(url=context.link)
        return headers, None
    return headers, context.core_url if context.source is None else context.source


def _document(kind: str, subscription: Subscription, notification_id: str, now: datetime, data: Any) -> Json:
    return {
        "id": notification_id,
        "type": kind,
        "subscriptionId": subscription.id,
        "notifiedAt": format_instant(now),
        "data": data,
    }


def _wants_no_context(headers: dict[str, str]) -> bool:
    prefer = next((value for name, value in headers.items() if name.lower() == "prefer"), "")
    return prefer.replace(" ", "") == "body=json"


def _data(subscription: Subscription, context: Context, head: Letterhead, told: Sequence[Told], find: Find) -> Any:
    """The entities of a notification."""
    geo, said = subscription.notification.endpoint.accept == GEO_JSON, head.said
    documents = _written(subscription, context, head.form, told, find, geo)
    if not geo:
        return documents if said is None else [{**document, "@context": said} for document in documents]
    collection: Json = {"type": "FeatureCollection", "features": documents}
    return collection if said is None else {**collection, "@context": said}


def _written(
    subscription: Subscription, context: Context, form: Representation, told: Sequence[Told], find: Find, geo: bool
) -> list[Json]:
    entities = [(shown(what, subscription, context), form) for what in told]
    join, links = subscription.notification.join, None
    if join is not None:
        links = links_of(join, find)
        if join.flat:
            entities, links = with_linked(entities, links), None
    deleted = {what.entity.id: what.deleted_at for what in told if what.deleted_at is not None}
    documents = []
    for entity, each in entities:
        if geo:
            feature = to_feature(entity, context, each, links=links)
            document, members = feature, feature["properties"]
        else:
            document = compact_entity(entity, context, each, links)
            if subscription.conformance is not None:
                document = conformed(document, subscription.conformance)
            members = document
        if entity.id in deleted:
            members["deletedAt"] = format_instant(deleted[entity.id])
        documents.append(document)
    return documents
