"""What does a document say of the evolution of an entity? From JSON to past instances (ETSI GS CIM 009, 5.2.20).

The document is an entity whose attributes have many instances of one dataset (4.5.6 to 4.5.8), and whose scope may be
written like a Property, because it has a past as well (4.18). Series of pairs of value and time (4.5.9) are read too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from machinami.model.attribute import Attribute, Kind
from machinami.model.context import Context
from machinami.model.expansion import INSTANCE, TEMPORAL, Fragment, Intake, expand_attribute, expand_fragment
from machinami.model.heads import read_scopes
from machinami.model.names import SCOPE
from machinami.model.null import NULL
from machinami.model.values import MEMBERS, SERIES, read_moment, read_uri, wrong

_KIND_OF_SERIES = {member: kind for kind, member in reversed(SERIES.items())}  # "values" means Property
_KINDS = {kind.value: kind for kind in Kind}
_OF_SCOPE = frozenset(("type", "value", "observedAt", "createdAt", "modifiedAt", "deletedAt", "instanceId"))


@dataclass(frozen=True, slots=True)
class PastInstance:
    """One instance of an attribute in the past, or the mark that it was deleted (then its value is NULL).

    deleted_at: the moment of the deletion, as far as the document says it.
    """

    name: str
    value: Attribute
    deleted_at: datetime | None = None

    @property
    def is_deletion(self) -> bool:
        """Whether the instance says that the attribute was deleted (4.5.7)."""
        return bool(self.value.value == NULL)


@dataclass(frozen=True, slots=True)
class Evolution:
    """What a document tells of the past of an entity; id, types and scopes may be missing in a fragment."""

    id: str | None
    types: tuple[str, ...]
    scopes: tuple[str, ...]
    instances: tuple[PastInstance, ...]


def expand_evolution(document: Mapping[str, Any], context: Context, intake: Intake = TEMPORAL) -> Evolution:
    """The evolution of an entity (5.6.11). Raises BadRequestData with the place and the right form."""
    evolution = expand_additions(document, context, intake)
    if evolution.id is None:
        read_uri(None, "id")
    if not evolution.types:
        raise wrong("type", "there is no type", 'write it as "type": "Gauge" or ["Gauge", "Sensor"]')
    return evolution


def expand_additions(document: Mapping[str, Any], context: Context, intake: Intake = TEMPORAL) -> Evolution:
    """A fragment of an evolution: the instances to add (5.6.12). Raises BadRequestData."""
    # an empty array is an attribute without instances here, not an attribute whose value is an empty array
    unfolded = {name: _unfolded(name, body) for name, body in document.items() if name != "scope" and body != []}
    fragment = expand_fragment(unfolded, context, intake)
    scopes, turns = _scope(document["scope"]) if "scope" in document else ((), ())
    return Evolution(fragment.id, fragment.types, scopes, (*_instances(fragment), *turns))


def expand_instance(name: str, iri: str, document: Mapping[str, Any], context: Context) -> Attribute:
    """The one instance that a body describes: by itself, or under the name of the attribute (5.6.14)."""
    body: Any = document
    if "type" not in document and len(document) == 1:
        ((stated, inner),) = document.items()
        if stated == name or context.expand(stated) == iri:
            body = inner
    instances: tuple[Attribute, ...] = ()
    if iri == SCOPE:
        found = _scope_instances(body if isinstance(body, list) else [body])
        instances = tuple(one.value for one in found)
    elif body != []:
        instances = expand_attribute(name, _unfolded(name, body), context, INSTANCE)
    if len(instances) != 1 or instances[0].value == NULL:
        raise wrong(name, f"{len(instances)} instances are given", "give exactly one, with its value")
    return instances[0]


def temporal_name(name: str, context: Context) -> str:
    """The IRI under which the history of an attribute is kept; the scope has one too. Raises BadRequestData."""
    return SCOPE if context.expand(name) == SCOPE else context.attribute(name)


def _instances(fragment: Fragment) -> tuple[PastInstance, ...]:
    return tuple(
        PastInstance(name, value, value.modified_at if value.value == NULL else None)
        for name, instances in fragment.attributes.items()
        for value in instances
    )


def _scope(value: Any) -> tuple[tuple[str, ...], tuple[PastInstance, ...]]:
    """The scopes of the head, where they are plain, or else their instances."""
    listed = value if isinstance(value, list) else [value]
    if any(isinstance(one, Mapping) for one in listed):
        return (), _scope_instances(listed)
    return read_scopes(value), ()


def _scope_instances(bodies: list[Any]) -> tuple[PastInstance, ...]:
    found = []
    for index, body in enumerate(bodies):
        where = f"scope[{index}]"
        unknown = sorted(set(body) - _OF_SCOPE) if isinstance(body, Mapping) else ["text"]
        if unknown or body.get("type", "Property") != "Property" or "value" not in body:
            right = 'write it as {"type": "Property", "value": "/Town", "observedAt": "2026-06-30T09:00:00Z"}'
            raise wrong(where, "this is not an instance of the scope", right)
        times = {
            name: read_moment(body[name], f"{where}.{name}") for name in ("observedAt", "deletedAt") if name in body
        }
        scopes = (NULL,) if body["value"] in (NULL, [NULL], []) else read_scopes(body["value"])
        value = scopes[0] if len(scopes) == 1 else list(scopes)
        instance = Attribute(Kind.PROPERTY, value, observed_at=times.get("observedAt"))
        found.append(PastInstance(SCOPE, instance, times.get("deletedAt")))
    return tuple(found)


def _unfolded(name: str, body: Any) -> Any:
    """The instances of an attribute whose body is one or several series of pairs; any other body as it is."""
    if isinstance(body, list):
        parts = [_unfolded(name, one) for one in body]
        return (
            [one for part in parts for one in (part if isinstance(part, list) else [part])] if parts != body else body
        )
    if not isinstance(body, dict):
        return body
    kind = _kind_of_series(body)
    if kind is None:
        return body
    pairs = body[SERIES[kind]]
    if not _are_pairs(pairs):
        raise wrong(f"{name}.{SERIES[kind]}", "this is not a series", "write it as [[value, time], …]")
    rest = {member: inner for member, inner in body.items() if member != SERIES[kind]}
    return [
        {**rest, "type": kind.value, MEMBERS[kind]: _bare(value, MEMBERS[kind]), "observedAt": moment}
        for value, moment in pairs
    ]


def _kind_of_series(body: Mapping[str, Any]) -> Kind | None:
    """The kind of attribute that the body is a series of, if it is one."""
    stated = body.get("type")
    if stated is not None:
        kind = _KINDS.get(stated) if isinstance(stated, str) else None
        return kind if kind is not None and SERIES[kind] in body and MEMBERS[kind] not in body else None
    if any(member in body for member in MEMBERS.values()):
        return None
    return next((kind for member, kind in _KIND_OF_SERIES.items() if _are_pairs(body.get(member))), None)


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in value)


def _bare(value: Any, member: str) -> Any:
    return value[member] if isinstance(value, dict) and len(value) == 1 and member in value else value
