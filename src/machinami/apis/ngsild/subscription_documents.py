"""What does a subscription look like as a document, and what does it mean? (pure)

ETSI GS CIM 009, 5.2.12 to 5.2.15, 5.2.22, 5.2.33, 7.2.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args
from urllib.parse import unquote

from machinami.apis.ngsild.endpoints import check_address, read_pairs
from machinami.apis.ngsild.members import (
    Json,
    check_members,
    datasets,
    flag,
    listed,
    names,
    number,
    required_object,
    text,
    texts,
)
from machinami.apis.ngsild.parameters import as_tree
from machinami.foundation.instant import parse_instant
from machinami.foundation.urn import is_uri
from machinami.model import parse
from machinami.model.conformance import Version, read_version
from machinami.model.context import Context
from machinami.model.fragments import wrong
from machinami.model.linking import Join
from machinami.model.null import NULL
from machinami.model.query import Condition, GeoQuery, TemporalQuery
from machinami.model.representation import NONE, Form, Projection
from machinami.model.subscription import (
    DEFAULT_TRIGGERS,
    TRIGGERS,
    Endpoint,
    EntitySelector,
    NotificationParams,
    Subscription,
)

READ_ONLY = frozenset({"status", "createdAt", "modifiedAt", "deletedAt"})
NOTIFICATION_READ_ONLY = frozenset(
    {"status", "timesSent", "timesFailed", "lastNotification", "lastSuccess", "lastFailure", "lastFailureReason"}
)
_MEMBERS = READ_ONLY | frozenset(
    """id type subscriptionName description entities watchedAttributes notificationTrigger timeInterval q geoQ
    scopeQ temporalQ csf datasetId expandValues jsonKeys isActive expiresAt throttling lang notification localOnly
    splitEntities jsonldContext ngsildConformance""".split()
)
_NOTIFICATION_MEMBERS = NOTIFICATION_READ_ONLY | frozenset(
    {"attributes", "pick", "omit", "format", "endpoint", "sysAttrs", "showChanges", "join", "joinLevel"}
)
_SELECTOR_MEMBERS = frozenset({"id", "idPattern", "type"})
_ENDPOINT_MEMBERS = frozenset({"uri", "accept", "receiverInfo", "notifierInfo", "timeout", "cooldown"})
_FORMS: Mapping[str, Form] = {**{form: form for form in get_args(Form)}, "keyValues": "simplified"}
_JOINS = ("flat", "inline", NONE)
_ACCEPTED = ("application/json", "application/ld+json", "application/geo+json")
_CHANNEL = {"MQTT-QoS": ("0", "1", "2"), "MQTT-Version": ("mqtt3.1.1", "mqtt5.0")}
_MAX_AGE = "Max-Age"
_TYPE_NAME = re.compile(r"[^\s,;|()]+")
_WORD = re.compile(r"[^\s,{}|]+")
_HEAD = ("@id", "@type")


def read_subscription(document: Json, context: Context) -> Subscription:
    """The subscription that a document describes. Raises BadRequestData with the member at fault."""
    check_members(document, _MEMBERS, "the subscription")
    if document.get("type") != "Subscription":
        raise wrong("type", 'must be "Subscription"')
    if not is_uri(document.get("id")):
        raise wrong("id", "must be a URI")
    _check_words(document)
    local = flag(document, "localOnly", False)
    selectors = tuple(_selectors(document, context))
    watched = names(document, "watchedAttributes", context)
    interval, throttling = number(document, "timeInterval"), number(document, "throttling")
    _check_together(document, bool(selectors), bool(watched), local)
    return Subscription(
        id=document["id"],
        notification=_notification(required_object(document, "notification"), context),
        entities=selectors,
        watched_attributes=watched,
        triggers=_triggers(document),
        q=_condition(document, context),
        geo=_geo(document, context),
        scope=parse.parse_scope(document["scopeQ"]) if "scopeQ" in document else None,
        throttling=throttling,
        time_interval=interval,
        expires_at=parse_instant(document["expiresAt"], "expiresAt") if "expiresAt" in document else None,
        is_active=flag(document, "isActive", True),
        lang=text(document, "lang"),
        datasets=datasets(document),
        csf=parse.parse_q(document["csf"], context) if "csf" in document else None,
        temporal=_temporal(document),
        local_only=local,
        split=flag(document, "splitEntities", False) if "splitEntities" in document else None,
        context=context.source,
        words=document.get("jsonldContext", context.source),
        conformance=_conformance(document),
        document=_kept(document),
    )


def _kept(document: Json) -> Json:
    """The document without what only this broker says of a subscription, which is to be ignored (5.2.12, 5.2.14.2)."""
    said = {name: value for name, value in document.items() if name not in READ_ONLY}
    shown = document["notification"]
    return {**said, "notification": {name: shown[name] for name in shown if name not in NOTIFICATION_READ_ONLY}}


def _check_words(document: Json) -> None:
    for member in ("subscriptionName", "description", "jsonKeys"):
        text(document, member)
    if "jsonldContext" in document and not is_uri(document["jsonldContext"]):
        raise wrong("jsonldContext", "must be the URL of a @context")


def _conformance(document: Json) -> Version | None:
    written = text(document, "ngsildConformance")
    version = None if written is None else read_version(written)
    if written is not None and version is None:
        raise wrong("ngsildConformance", "must be a version such as 1.8")
    return version


def _check_together(document: Json, selects: bool, watches: bool, local: bool) -> None:
    """Whether the members may stand together (5.2.12)."""
    regular = "timeInterval" in document
    if regular and (watches or "throttling" in document):
        raise wrong("timeInterval", "cannot stand beside watchedAttributes or throttling")
    if not local and not selects and (regular or not watches):
        raise wrong("entities", "or watchedAttributes must be there, to say what is subscribed to")
    every = any(row.get("type") == "*" for row in document.get("entities", ()))
    if every and document.get("localOnly") is False:
        raise wrong("localOnly", "cannot be false where every type is asked for: that is local (5.5.13)")


def _condition(document: Json, context: Context) -> Condition | None:
    if "q" not in document:
        return None
    written = document.get("expandValues")
    expanded = parse.parse_names(written, context, "expandValues") if written is not None else ()
    return parse.parse_q(plain_q(document["q"]), context, expanded)


def plain_q(written: Any) -> Any:
    """The text of a q without percent-encoding: clients take it over from addresses, where 4.9 wants it."""
    return unquote(written) if isinstance(written, str) else written


def _geo(document: Json, context: Context) -> GeoQuery | None:
    if "geoQ" not in document:
        return None
    get = required_object(document, "geoQ").get
    return parse.parse_geo(get("georel"), get("geometry"), get("coordinates"), get("geoproperty"), context)


def _temporal(document: Json) -> TemporalQuery | None:
    if "temporalQ" not in document:
        return None
    get = required_object(document, "temporalQ").get
    return parse.parse_temporal(get("timerel"), get("timeAt"), get("endTimeAt"), get("timeproperty"))


def _selectors(document: Json, context: Context) -> Iterable[EntitySelector]:
    for index, row in enumerate(listed(document, "entities")):
        where = f"entities[{index}]"
        if not isinstance(row, dict):
            raise wrong(where, "must be an object")
        check_members(row, _SELECTOR_MEMBERS, where)
        if "type" not in row:
            raise wrong(f"{where}.type", 'must be there; "*" means every type')
        types = parse.parse_types(row["type"], context)
        pattern = parse.parse_id_pattern(row["idPattern"]) if "idPattern" in row and "id" not in row else None
        ids = row.get("id")
        each: list[Any] = ids if isinstance(ids, list) and ids else [ids]
        for entity_id in each:
            if entity_id is not None and not is_uri(entity_id):
                raise wrong(f"{where}.id", "must be a URI")
            yield EntitySelector(types, entity_id, pattern)


def _notification(row: Json, context: Context) -> NotificationParams:
    check_members(row, _NOTIFICATION_MEMBERS, "notification")
    form: Any = row.get("format", "normalized")
    if not isinstance(form, str) or form not in _FORMS:
        raise wrong("notification.format", f"must be one of {', '.join(_FORMS)}")
    changes = flag(row, "showChanges", False)
    if changes and _FORMS[form] == "simplified":
        raise wrong("notification.showChanges", "cannot be shown in the simplified form")
    join = _join(row)
    attributes = names(row, "attributes", context)
    if any(name in _HEAD or name == "scope" for name in (*attributes, *row.get("attributes", ()))):
        raise wrong("notification.attributes", "names attributes; ask for id, type and scope by pick")
    pick, omit = (_projection(row, member, context, join.level if join else 0) for member in ("pick", "omit"))
    _check_members_shown(bool(attributes), pick, omit)
    return NotificationParams(
        endpoint=_endpoint(required_object(row, "endpoint", "notification.")),
        attributes=attributes,
        pick=pick,
        omit=omit,
        join=join,
        form=_FORMS[form],
        sys_attrs=flag(row, "sysAttrs", False),
        show_changes=changes,
    )


def _join(row: Json) -> Join | None:
    join, level = row.get("join", NONE), row.get("joinLevel", 1)
    if not isinstance(join, str) or join not in _JOINS:
        raise wrong("notification.join", f"must be one of {', '.join(_JOINS)}")
    if isinstance(level, bool) or not isinstance(level, int) or level < 1:
        raise wrong("notification.joinLevel", "must be a whole number of 1 or more")
    return None if join == NONE else Join(join == "flat", level)


def _projection(row: Json, member: str, context: Context, level: int) -> Projection | None:
    """The members to pick or omit (4.21), with those of linked entities as far as they are joined."""
    if member not in row:
        return None
    projection = parse.parse_projection(",".join(texts(row, member)), context, f"notification.{member}")
    if projection.hops > level:
        raise wrong(f"notification.{member}", "names members of linked entities that are not joined")
    return as_tree(projection)


def _check_members_shown(attributes: bool, pick: Projection | None, omit: Projection | None) -> None:
    if attributes and (pick is not None or omit is not None):
        raise wrong("notification.attributes", "says the same as pick; it cannot stand beside pick or omit")
    both = [name for name in pick or () if name in (omit or ()) and not (omit or {})[name]]
    if both:
        raise wrong("notification.omit", "leaves out what pick asks for")


def _endpoint(row: Json) -> Endpoint:
    check_members(row, _ENDPOINT_MEMBERS, "notification.endpoint")
    uri = check_address(row.get("uri"), "notification.endpoint.uri")
    accept = row.get("accept", _ACCEPTED[0])
    if accept not in _ACCEPTED:
        raise wrong("notification.endpoint.accept", f"must be one of {', '.join(_ACCEPTED)}")
    channel = tuple(read_pairs(row, "notifierInfo", "notification.endpoint."))
    for key, value in channel:
        if value not in _CHANNEL.get(key, (value,)):
            raise wrong(
                "notification.endpoint.notifierInfo", f"gives {key}, which is one of {', '.join(_CHANNEL[key])}"
            )
    receiver = tuple(read_pairs(row, "receiverInfo", "notification.endpoint."))
    timeout, cooldown = (_milliseconds(row, member) for member in ("timeout", "cooldown"))
    return Endpoint(uri, accept, receiver, channel, timeout, cooldown, _max_age(dict(channel).get(_MAX_AGE)))


def _max_age(said: str | None) -> float | None:
    """How old a notification may become: a key of notifierInfo, which 7.2 leaves open to brokers."""
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and 0 < len(said) < 10 and int(said)):
        raise wrong("notification.endpoint.notifierInfo", f"gives {_MAX_AGE}, which is a whole number of seconds")
    return float(said)


def _milliseconds(row: Json, member: str) -> int | None:
    value = number(row, member, "milliseconds", "notification.endpoint.")
    return None if value is None else max(1, int(value))


def _triggers(document: Json) -> tuple[str, ...]:
    wanted = listed(document, "notificationTrigger")
    for trigger in wanted:
        if trigger not in TRIGGERS:
            raise wrong("notificationTrigger", f"can have {', '.join(TRIGGERS)}")
    return tuple(wanted) or DEFAULT_TRIGGERS


def translated(document: Json, own: Context, wanted: Context) -> Json:
    """A subscription document with the names of one context in the words of another."""
    if own is wanted:
        return document

    def name(word: str) -> str:
        return wanted.compact(own.expand(word))

    said = dict(document)
    if isinstance(said.get("watchedAttributes"), list):
        said["watchedAttributes"] = [
            name(word) if isinstance(word, str) else word for word in said["watchedAttributes"]
        ]
    if isinstance(said.get("entities"), list):
        said["entities"] = [_translated_selector(row, name) for row in said["entities"]]
    if isinstance(said.get("notification"), dict):
        said["notification"] = _translated_lists(said["notification"], ("attributes", "pick", "omit"), name)
    if isinstance(said.get("geoQ"), dict) and isinstance(said["geoQ"].get("geoproperty"), str):
        said["geoQ"] = {**said["geoQ"], "geoproperty": name(said["geoQ"]["geoproperty"])}
    if _is_condition(said, "q"):
        said["q"] = parse.format_q(parse.parse_q(plain_q(said["q"]), own), wanted)
    if _is_condition(said, "csf"):
        said["csf"] = parse.format_q(parse.parse_q(said["csf"], own), wanted)
    return said


def _is_condition(document: Json, member: str) -> bool:
    """Whether a condition is there to be translated, and not taken away by a fragment."""
    return document.get(member) not in (None, NULL)


def _translated_selector(row: Any, name: Callable[[str], str]) -> Any:
    if not isinstance(row, dict) or not isinstance(row.get("type"), str) or row["type"].strip() == "*":
        return row
    return {**row, "type": _TYPE_NAME.sub(lambda found: name(found[0]), row["type"])}


def _translated_lists(row: Json, members: Iterable[str], name: Callable[[str], str]) -> Json:
    found = {m: [_WORD.sub(lambda word: name(word[0]), text) for text in row[m]] for m in members if _is_texts(row, m)}
    return {**row, **found}


def _is_texts(row: Json, member: str) -> bool:
    value = row.get(member)
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
