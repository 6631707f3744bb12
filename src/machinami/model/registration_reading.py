"""What does a registration document say? From JSON to a Registration with expanded names, and into other words.

ETSI GS CIM 009, 5.2.8 to 5.2.11, 5.2.22, 5.2.34; what an exclusive or auxiliary one must be: 4.3.6.3, 5.9.2.4.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from machinami.foundation.duration import duration_seconds
from machinami.foundation.urn import is_uri
from machinami.model import core_terms, parse
from machinami.model.context import Context
from machinami.model.fragments import merged, wrong
from machinami.model.names import check_name, is_scope
from machinami.model.null import Nulls
from machinami.model.operation_names import AUXILIARY, DEFAULT, all_of, is_known
from machinami.model.registration import EntityInfo, Interval, Management, Mode, Registration, RegistrationInfo
from machinami.model.values import is_geometry, read_geometry, read_moment

Json = dict[str, Any]

TYPE = "ContextSourceRegistration"
READ_ONLY = frozenset("status timesSent timesFailed lastSuccess lastFailure createdAt modifiedAt deletedAt".split())
PLACES = ("location", "observationSpace", "operationSpace")
MEDIA_TYPES = ("application/json", "application/ld+json")
_KNOWN = READ_ONLY | frozenset(
    """id type endpoint contextSourceInfo information contextSourceAlias description datasetId expiresAt management
    managementInterval mode observationInterval operations refreshRate registrationName scope tenant @context""".split()
)
_ENTITY_MEMBERS = frozenset({"id", "idPattern", "type"})
_INFO_MEMBERS = frozenset({"entities", "propertyNames", "relationshipNames"})
_MANAGEMENT_MEMBERS = frozenset({"cacheDuration", "cooldown", "localOnly", "timeout"})
_INTERVAL_MEMBERS = frozenset({"startAt", "endAt"})
_ENDPOINT = re.compile(r"https?://[^\s/?#]+[^\s?#]*\Z", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}\Z")
_TENANT = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,63}\Z")
_VERSION = re.compile(r"[1-9]\.[0-9]{1,2}\Z")


def read_registration(document: Json, context: Context) -> Registration:
    """The registration that a document describes (5.2.9). Raises BadRequestData with the member at fault."""
    if document.get("type") != TYPE:
        raise wrong("type", f'must be "{TYPE}"')
    if not is_uri(document.get("id")):
        raise wrong("id", "must be a URI")
    endpoint = document.get("endpoint")
    if not isinstance(endpoint, str) or not _ENDPOINT.match(endpoint) or not is_uri(endpoint):
        raise wrong("endpoint", "must be an http or https URL without query")
    for member in ("description", "registrationName", "contextSourceAlias"):
        if member in document and not _is_text(document[member]):
            raise wrong(member, "must be a text that is not empty")
    registration = Registration(
        id=document["id"],
        endpoint=endpoint.rstrip("/"),
        information=tuple(_information(document, context)),
        mode=_mode(document),
        operations=_operations(document),
        alias=document.get("contextSourceAlias"),
        tenant=_tenant(document),
        info=tuple(_pairs(document)),
        datasets=_datasets(document),
        scopes=_scopes(document),
        places=_places(document, context),
        observation_interval=_interval(document, "observationInterval"),
        management_interval=_interval(document, "managementInterval"),
        management=_management(document),
        expires_at=read_moment(document["expiresAt"], "expiresAt") if "expiresAt" in document else None,
        properties=_properties(document, context),
        context=context.source,
        document={name: value for name, value in document.items() if name not in READ_ONLY},
    )
    _check_mode(registration, document)
    return registration


def merged_registration(document: Json, fragment: Json) -> Json:
    """The document with the members of a fragment; null or urn:ngsi-ld:null removes one (5.5.8)."""
    if "type" in fragment and fragment["type"] != TYPE:
        raise wrong("type", f'must be "{TYPE}"')
    return merged(document, fragment, READ_ONLY)


def translated_registration(document: Json, own: Context, wanted: Context) -> Json:
    """The document with the names of one context in the words of another."""
    if own is wanted:
        return document
    said: Json = {}
    for member, value in document.items():
        known = member in _KNOWN or member in PLACES
        said[member if known else wanted.compact(own.expand(member))] = value
    if isinstance(document.get("information"), list):
        said["information"] = [_translated(row, own, wanted) for row in document["information"]]
    return said


def _translated(row: Any, own: Context, wanted: Context) -> Any:
    if not isinstance(row, dict):
        return row

    def names(value: Any) -> Any:
        if isinstance(value, list):
            return [names(each) for each in value]
        return wanted.compact(own.expand(value)) if isinstance(value, str) else value

    told = {member: names(value) if member != "entities" else value for member, value in row.items()}
    if isinstance(row.get("entities"), list):
        told["entities"] = [{**each, "type": names(each.get("type"))} for each in row["entities"]]
    return told


# --- the parts


def _information(document: Json, context: Context) -> Iterable[RegistrationInfo]:
    for index, row in enumerate(_listed(document, "information", required=True)):
        where = f"information[{index}]"
        _check_row(row, _INFO_MEMBERS, where)
        if not row:
            raise wrong(where, "must have entities, propertyNames or relationshipNames")
        names = [name for member in ("propertyNames", "relationshipNames") for name in _names(row, member, where)]
        yield RegistrationInfo(
            tuple(_entity(each, f"{where}.entities[{at}]", context) for at, each in _rows(row, "entities", where)),
            frozenset(context.attribute(name) for name in names),
        )


def _entity(row: Any, where: str, context: Context) -> EntityInfo:
    _check_row(row, _ENTITY_MEMBERS, where)
    if not row.keys() & _ENTITY_MEMBERS or row.get("type", "") == []:
        raise wrong(f"{where}.type", "must be there: a type or a list of types")
    listed = row.get("type", [])
    names = listed if isinstance(listed, list) else [listed]
    entity_id = row.get("id")
    if entity_id is not None and not is_uri(entity_id):
        raise wrong(f"{where}.id", "must be a URI")
    pattern = parse.parse_id_pattern(row["idPattern"]) if "idPattern" in row and entity_id is None else None
    return EntityInfo(tuple(context.expand(check_name(name, f"{where}.type")) for name in names), entity_id, pattern)


def _mode(document: Json) -> Mode:
    mode = document.get("mode", Mode.INCLUSIVE.value)
    if mode not in tuple(Mode):
        raise wrong("mode", f"must be one of {', '.join(Mode)}")
    return Mode(mode)


def _operations(document: Json) -> frozenset[str]:
    if "operations" not in document:
        return DEFAULT
    names = _listed(document, "operations")
    for name in names:
        if not is_known(name):
            raise wrong("operations", f"has {str(name)[:60]!r}, which names no operation or group of operations (4.20)")
    return all_of(names)


def _tenant(document: Json) -> str | None:
    tenant = document.get("tenant")
    if tenant is not None and not (isinstance(tenant, str) and _TENANT.match(tenant)):
        raise wrong("tenant", "must be up to 64 letters, digits and _ - . :")
    return tenant


def _pairs(document: Json) -> Iterable[tuple[str, str]]:
    """contextSourceInfo (5.2.22); what its well-known keys may say: 4.3.6.6."""
    for index, row in enumerate(_listed(document, "contextSourceInfo")):
        where = f"contextSourceInfo[{index}]"
        key, value = (row.get("key"), row.get("value")) if isinstance(row, dict) else (None, None)
        if not isinstance(key, str) or not isinstance(value, str) or not _HEADER_NAME.match(key):
            raise wrong(where, 'must be {"key": …, "value": …}, both texts, the key a name of a header')
        if not value.isprintable() or not value.isascii():
            raise wrong(f"{where}.value", "must be one line of ASCII text")
        if key in ("accept", "contentType") and value not in MEDIA_TYPES:
            raise wrong(where, f"must name one of {', '.join(MEDIA_TYPES)}")
        if key == "jsonldContext" and not is_uri(value):
            raise wrong(where, "must name the URL of a @context")
        if key == "ngsildConformance" and not _VERSION.match(value):
            raise wrong(where, "must be a version such as 1.5")
        yield key, value


def _datasets(document: Json) -> tuple[str, ...]:
    listed = _listed(document, "datasetId")
    if not all(name == "@none" or is_uri(name) for name in listed):
        raise wrong("datasetId", "must be a list of URIs, or @none for the default instances")
    return tuple(listed)


def _scopes(document: Json) -> tuple[str, ...]:
    value = document.get("scope", [])
    scopes = value if isinstance(value, list) else [value]
    if not all(map(is_scope, scopes)):
        raise wrong("scope", "must be a scope such as /Town/District, or a list of them")
    return tuple(scopes)


def _places(document: Json, context: Context) -> Mapping[str, Mapping[str, Any]]:
    found = {member: document[member] for member in PLACES if member in document}
    for member, value in found.items():
        if not is_geometry(value):
            raise wrong(member, "must be a GeoJSON geometry")
        read_geometry(value, member, context, Nulls.FORBIDDEN)
    return {core_terms.NAMESPACE + member: value for member, value in found.items()}


def _interval(document: Json, member: str) -> Interval | None:
    if member not in document:
        return None
    row = document[member]
    _check_row(row, _INTERVAL_MEMBERS, member)
    start = read_moment(row.get("startAt"), f"{member}.startAt")
    end = read_moment(row["endAt"], f"{member}.endAt") if "endAt" in row else None
    if end is not None and end < start:
        raise wrong(member, "ends before it starts")
    return Interval(start, end)


def _management(document: Json) -> Management:
    if "refreshRate" in document and duration_seconds(document["refreshRate"]) is None:
        raise wrong("refreshRate", "must be a duration such as PT5M")
    row = document.get("management", {})
    _check_row(row, _MANAGEMENT_MEMBERS, "management")
    cached = duration_seconds(row["cacheDuration"]) if "cacheDuration" in row else None
    if "cacheDuration" in row and cached is None:
        raise wrong("management.cacheDuration", "must be a duration such as PT5M")
    local = row.get("localOnly", False)
    if not isinstance(local, bool):
        raise wrong("management.localOnly", "must be true or false")
    return Management(_milliseconds(row, "timeout"), _milliseconds(row, "cooldown"), cached, local)


def _milliseconds(row: Json, member: str) -> float | None:
    value = row.get(member)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise wrong(f"management.{member}", "must be a number of milliseconds above 0")
    return value / 1000


def _properties(document: Json, context: Context) -> Mapping[str, Any]:
    extra = {name: value for name, value in document.items() if name not in _KNOWN and name not in PLACES}
    return {context.expand(check_name(name, "the registration")): value for name, value in extra.items()}


def _check_mode(registration: Registration, document: Json) -> None:
    if registration.mode is Mode.EXCLUSIVE:
        for info in registration.information:
            if not info.attributes or not info.entities or any(entity.id is None for entity in info.entities):
                raise wrong("information", "of an exclusive registration must name entities by id, and attributes")
    if registration.mode is Mode.AUXILIARY and not AUXILIARY.issuperset(document.get("operations", ())):
        raise wrong("operations", f"of an auxiliary registration can be {', '.join(sorted(AUXILIARY))} only")


# --- members of documents


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_row(row: Any, known: frozenset[str], where: str) -> None:
    if not isinstance(row, dict):
        raise wrong(where, "must be an object {…}")
    unknown = sorted(row.keys() - known)
    if unknown:
        raise wrong(where, f"has unknown members: {', '.join(unknown)[:200]}; known are {', '.join(sorted(known))}")


def _listed(document: Json, member: str, required: bool = False, where: str = "") -> list[Any]:
    if member not in document and not required:
        return []
    value = document.get(member)
    if not isinstance(value, list) or not value:
        raise wrong(where + member, "must be a list that is not empty")
    return value


def _rows(row: Json, member: str, where: str) -> Iterable[tuple[int, Any]]:
    return enumerate(_listed(row, member, where=f"{where}."))


def _names(row: Json, member: str, where: str) -> list[str]:
    return [check_name(name, f"{where}.{member}") for name in _listed(row, member, where=f"{where}.")]
