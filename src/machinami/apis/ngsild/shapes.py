"""What does a subscription look like as a document, and what does it mean? (pure)

ETSI GS CIM 009, 5.2.12 to 5.2.15, 5.2.22, 5.2.33.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.foundation.urn import is_uri
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.representation import Form
from machinami.model.subscription import DEFAULT_TRIGGERS, Endpoint, EntitySelector, NotificationParams, Subscription

Json = dict[str, Any]

TRIGGERS = (
    "entityCreated", "entityUpdated", "entityDeleted", "attributeCreated", "attributeUpdated", "attributeDeleted",
)  # fmt: skip
READ_ONLY = frozenset({"status", "createdAt", "modifiedAt", "deletedAt"})
NOTIFICATION_READ_ONLY = frozenset(
    {"status", "timesSent", "timesFailed", "lastNotification", "lastSuccess", "lastFailure", "lastFailureReason"}
)
_MEMBERS = READ_ONLY | frozenset(
    """id type subscriptionName description entities watchedAttributes notificationTrigger timeInterval q geoQ
    scopeQ expandValues isActive expiresAt throttling lang notification localOnly splitEntities jsonldContext""".split()
)
_NOTIFICATION_MEMBERS = NOTIFICATION_READ_ONLY | frozenset(
    {"attributes", "pick", "omit", "format", "endpoint", "sysAttrs", "showChanges"}
)
_ENDPOINT_MEMBERS = frozenset({"uri", "accept", "receiverInfo", "notifierInfo", "timeout", "cooldown"})
_SELECTOR_MEMBERS = frozenset({"id", "idPattern", "type"})
_FORMS: Mapping[str, Form] = {
    "normalized": "normalized",
    "concise": "concise",
    "simplified": "simplified",
    "keyValues": "simplified",
}
_ACCEPTED = ("application/json", "application/ld+json", "application/geo+json")
_ENDPOINT = re.compile(r"(https?|mqtts?)://[^\s/?#]+", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}\Z")
_TYPE_NAME = re.compile(r"[^\s,;|()]+")


def read_subscription(document: Json, context: Context) -> Subscription:
    """The subscription that a document describes. Raises BadRequestData with the member at fault."""
    check_members(document, _MEMBERS, "the subscription")
    if document.get("type") != "Subscription":
        raise wrong("type", 'must be "Subscription"')
    if not is_uri(document.get("id")):
        raise wrong("id", "must be a URI")
    watched = _names(document, "watchedAttributes", context)
    interval = _number(document, "timeInterval")
    throttling = _number(document, "throttling")
    if interval is not None and (watched or throttling is not None):
        raise wrong("timeInterval", "cannot stand beside watchedAttributes or throttling")
    selectors = tuple(_selectors(document, context))
    if not selectors and not watched and document.get("localOnly") is not True:
        raise wrong("entities", "or watchedAttributes must be there, to say what is subscribed to")
    if document.get("jsonldContext", context.source) != context.source:
        raise wrong("jsonldContext", "must be the @context of the subscription itself")
    expanded = (
        parse.parse_names(document["expandValues"], context, "expandValues") if "expandValues" in document else ()
    )
    geo = _object(document, "geoQ") if "geoQ" in document else None
    return Subscription(
        id=document["id"],
        notification=_notification(_object(document, "notification"), context),
        entities=selectors,
        watched_attributes=watched,
        triggers=_triggers(document),
        q=parse.parse_q(document["q"], context, expanded) if "q" in document else None,
        geo=parse.parse_geo(
            geo.get("georel"), geo.get("geometry"), geo.get("coordinates"), geo.get("geoproperty"), context
        )
        if geo is not None
        else None,
        scope=parse.parse_scope(document["scopeQ"]) if "scopeQ" in document else None,
        throttling=throttling,
        time_interval=interval,
        expires_at=parse_instant(document["expiresAt"], "expiresAt") if "expiresAt" in document else None,
        is_active=_flag(document, "isActive", True),
        lang=_text(document, "lang"),
        context=context.source,
        document={name: value for name, value in document.items() if name not in READ_ONLY},
    )


def _selectors(document: Json, context: Context) -> Iterable[EntitySelector]:
    for index, row in enumerate(_listed(document, "entities")):
        where = f"entities[{index}]"
        if not isinstance(row, dict):
            raise wrong(where, "must be an object")
        check_members(row, _SELECTOR_MEMBERS, where)
        if "type" not in row:
            raise wrong(f"{where}.type", 'must be there; "*" means every type')
        types = parse.parse_types(row["type"], context)
        pattern = parse.parse_id_pattern(row["idPattern"]) if "idPattern" in row and "id" not in row else None
        ids = row.get("id")
        listed: list[Any] = ids if isinstance(ids, list) and ids else [ids]
        for entity_id in listed:
            if entity_id is not None and not is_uri(entity_id):
                raise wrong(f"{where}.id", "must be a URI")
            yield EntitySelector(types, entity_id, pattern)


def _notification(row: Json, context: Context) -> NotificationParams:
    check_members(row, _NOTIFICATION_MEMBERS, "notification")
    form: Any = row.get("format", "normalized")
    if not isinstance(form, str) or form not in _FORMS:
        raise wrong("notification.format", f"must be one of {', '.join(_FORMS)}")
    changes = _flag(row, "showChanges", False)
    if changes and _FORMS[form] == "simplified":
        raise wrong("notification.showChanges", "cannot be shown in the simplified form")
    return NotificationParams(
        endpoint=_endpoint(_object(row, "endpoint", "notification.")),
        attributes=_names(row, "attributes", context),
        pick=_names(row, "pick", context),
        omit=_names(row, "omit", context),
        form=_FORMS[form],
        sys_attrs=_flag(row, "sysAttrs", False),
        show_changes=changes,
    )


def _endpoint(row: Json) -> Endpoint:
    check_members(row, _ENDPOINT_MEMBERS, "notification.endpoint")
    uri = row.get("uri")
    if not isinstance(uri, str) or not _ENDPOINT.match(uri) or not is_uri(uri):
        raise wrong("notification.endpoint.uri", "must be an http, https, mqtt or mqtts URL")
    accept = row.get("accept", _ACCEPTED[0])
    if accept not in _ACCEPTED:
        raise wrong("notification.endpoint.accept", f"must be one of {', '.join(_ACCEPTED)}")
    return Endpoint(
        uri,
        accept,
        tuple(_pairs(row, "receiverInfo", _HEADER_NAME)),
        tuple(_pairs(row, "notifierInfo", _HEADER_NAME)),
        _milliseconds(row, "timeout"),
        _milliseconds(row, "cooldown"),
    )


def _pairs(row: Json, member: str, name: "re.Pattern[str]") -> Iterable[tuple[str, str]]:
    for index, pair in enumerate(_listed(row, member)):
        key, value = (pair.get("key"), pair.get("value")) if isinstance(pair, dict) else (None, None)
        if not isinstance(key, str) or not isinstance(value, str) or not name.match(key):
            raise wrong(f"notification.endpoint.{member}[{index}]", 'must be {"key": …, "value": …}, a header each')
        if not value.isprintable():
            raise wrong(f"notification.endpoint.{member}[{index}].value", "must be one line of text")
        yield key, value


def _triggers(document: Json) -> tuple[str, ...]:
    listed = _listed(document, "notificationTrigger")
    for trigger in listed:
        if trigger not in TRIGGERS:
            raise wrong("notificationTrigger", f"can have {', '.join(TRIGGERS)}")
    return tuple(listed) or DEFAULT_TRIGGERS


def merged(document: Json, fragment: Json) -> Json:
    """A subscription document with the members of a fragment; null or urn:ngsi-ld:null removes one (5.5.8)."""
    kept = {**document, **{name: value for name, value in fragment.items() if name not in READ_ONLY}}
    return {name: value for name, value in kept.items() if value is not None and value != "urn:ngsi-ld:null"}


def translated(document: Json, own: Context, wanted: Context) -> Json:
    """A subscription document with the names of one context in the words of another."""
    if own is wanted:
        return document

    def name(text: str) -> str:
        return wanted.compact(own.expand(text))

    said = dict(document)
    if isinstance(said.get("watchedAttributes"), list):
        said["watchedAttributes"] = [
            name(text) if isinstance(text, str) else text for text in said["watchedAttributes"]
        ]
    if isinstance(said.get("entities"), list):
        said["entities"] = [_translated_selector(row, name) for row in said["entities"]]
    if isinstance(said.get("notification"), dict):
        said["notification"] = _translated_lists(said["notification"], ("attributes", "pick", "omit"), name)
    if isinstance(said.get("geoQ"), dict) and isinstance(said["geoQ"].get("geoproperty"), str):
        said["geoQ"] = {**said["geoQ"], "geoproperty": name(said["geoQ"]["geoproperty"])}
    if "q" in said:
        said["q"] = parse.format_q(parse.parse_q(said["q"], own), wanted)
    return said


def _translated_selector(row: Any, name: Callable[[str], str]) -> Any:
    if not isinstance(row, dict) or not isinstance(row.get("type"), str) or row["type"].strip() == "*":
        return row
    return {**row, "type": _TYPE_NAME.sub(lambda found: name(found[0]), row["type"])}


def _translated_lists(row: Json, members: Iterable[str], name: Callable[[str], str]) -> Json:
    listed = {m: [name(text) for text in row[m]] for m in members if isinstance(row.get(m), list)}
    return {**row, **listed}


# --- members of documents


def check_members(row: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise BadRequestData that names the members which mean nothing there."""
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise BadRequestData(
            f"{where} has unknown members: {', '.join(unknown)[:200]}; known are {', '.join(sorted(known))}",
            members=unknown,
        )


def wrong(member: str, rule: str) -> BadRequestData:
    """The error for a member that breaks a rule."""
    return BadRequestData(f"{member} {rule}", member=member)


def _object(document: Json, member: str, where: str = "") -> Json:
    value = document.get(member)
    if not isinstance(value, dict):
        raise wrong(where + member, "must be an object {…}")
    return value


def _listed(document: Json, member: str) -> list[Any]:
    if member not in document:
        return []
    value = document[member]
    if not isinstance(value, list) or not value:
        raise wrong(member, "must be a list that is not empty; leave it out instead")
    return value


def _names(document: Json, member: str, context: Context) -> tuple[str, ...]:
    listed = _listed(document, member)
    if not all(isinstance(name, str) for name in listed):
        raise wrong(member, "must be a list of names")
    return tuple(iri for name in listed for iri in parse.parse_names(name, context, member))


def _number(document: Json, member: str) -> float | None:
    value = document.get(member)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise wrong(member, "must be a number of seconds above 0")
    return float(value)


def _milliseconds(row: Json, member: str) -> int | None:
    value = row.get(member)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise wrong(f"notification.endpoint.{member}", "must be a number of milliseconds above 0")
    return int(value)


def _flag(row: Json, member: str, default: bool) -> bool:
    value = row.get(member, default)
    if not isinstance(value, bool):
        raise wrong(member, "must be true or false")
    return value


def _text(row: Json, member: str) -> str | None:
    return _required_text(row, member) if member in row else None


def _required_text(row: Json, member: str) -> str:
    value = row.get(member)
    if not isinstance(value, str):
        raise wrong(member, "must be a text")
    return value
