"""What does a notification look like? (ETSI GS CIM 009, 5.3.1 and 6.3.8)"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from machinami.foundation.instant import format_instant
from machinami.model.change import Change
from machinami.model.compaction import compact_entity, to_feature_collection
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.representation import Representation
from machinami.model.subscription import Subscription

LD_JSON = "application/ld+json"
GEO_JSON = "application/geo+json"
LINK = '<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'


@dataclass(frozen=True, slots=True)
class Message:
    """A notification ready to go: body and headers."""

    body: bytes
    headers: dict[str, str]


def compose(
    subscription: Subscription,
    context: Context,
    entities: Sequence[Entity],
    notification_id: str,
    now: datetime,
    town: str | None,
) -> Message:
    """The notification about these entities, in the form that the subscriber asked for."""
    wish = subscription.notification
    form = Representation(
        form=wish.form,
        sys_attrs=wish.sys_attrs,
        attrs=wish.attributes or None,
        lang=subscription.lang,
    )
    accept = wish.endpoint.accept
    data: Any
    if accept == GEO_JSON:
        data = to_feature_collection(entities, context, form)
    else:
        data = [compact_entity(entity, context, form) for entity in entities]
    document: dict[str, Any] = {
        "id": notification_id,
        "type": "Notification",
        "subscriptionId": subscription.id,
        "notifiedAt": format_instant(now),
        "data": data,
    }
    headers = {"Content-Type": accept}
    if accept == LD_JSON:
        document["@context"] = context.source or context.core_url
    else:
        headers["Link"] = LINK.format(url=context.link)
    if town:
        headers["NGSILD-Tenant"] = town
    headers.update(dict(wish.endpoint.receiver_info))
    return Message(orjson.dumps(document), headers)


def told_entity(change: Change) -> Entity | None:
    """The entity as a notification of this change shows it: after the change; of a deleted one, id and type."""
    if change.after is not None:
        return change.after
    if change.before is not None:
        return replace(change.before, attributes={})
    return None
