"""What does an attribute become when a fragment of it is laid over it?

`overlaid` replaces the members that the fragment has (ETSI GS CIM 009, 5.5.8), `blended` goes into values and
sub-attributes as well (5.5.12, after RFC 7396), `completed` is a fragment where nothing was before.
"""

from datetime import datetime
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.urn import is_uri
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.null import NO_MOMENT, NULL, Absent
from machinami.model.representation import NONE
from machinami.model.values import is_geometry

_REMOVED = (NULL,)
_MERGED = frozenset((Kind.PROPERTY, Kind.LANGUAGE, Kind.JSON))


def completed(
    name: str, new: Attribute, now: datetime, old: Attribute | None = None, merging: bool = False
) -> Attribute:
    """The instance that replaces `old` or, with None, is added: stamped, and free of NULL.

    merging: it comes from a merge, so that there may be NULL inside its value.
    Raises BadRequestData if the fragment has no value.
    """
    value, observed, unit, expires, below = new.value, new.observed_at, new.unit_code, new.expires_at, new.attributes
    if type(value) is Absent:
        raise BadRequestData(f"{name} has no value; give one, or update the attribute that exists", where=name)
    if merging and new.kind in _MERGED:
        value = without_nulls(value)
    return Attribute(
        new.kind,
        value,
        new.dataset_id,
        None if observed is NO_MOMENT else observed,
        None if unit == NULL else unit,
        now if old is None or old.created_at is None else old.created_at,
        now,
        None if expires is NO_MOMENT else expires,
        None,
        () if new.object_type == _REMOVED else new.object_type,
        _completed_below(below, now, old) if below else NO_ATTRIBUTES,
        None if new.value_type == NULL else new.value_type,
    )


def overlaid(name: str, old: Attribute, part: Attribute, now: datetime) -> Attribute:
    """The instance with the members of a fragment in place of its own (5.5.8, example 1)."""
    below = {**old.attributes, **part.attributes} if part.attributes else old.attributes
    if part.attributes:
        below = {
            n: _completed_instances(n, instances, now, old) if n in part.attributes else instances
            for n, instances in below.items()
        }
        below = {n: instances for n, instances in below.items() if instances} or NO_ATTRIBUTES
    value = old.value if type(part.value) is Absent else part.value
    return _with(old, part, value, below, now)


def blended(
    name: str, old: Attribute, part: Attribute, now: datetime, observed_at: datetime | None = None
) -> Attribute | None:
    """The instance with the fragment merged in to any depth (5.5.12); None if nothing of its value is left.

    observed_at: the common time for an attribute that had one and gets no other (5.6.17).
    """
    if part.kind is not old.kind and type(part.value) is not Absent:
        return completed(name, part, now, old, merging=True)
    if type(part.value) is Absent:
        value = old.value
    elif part.kind in _MERGED:
        value = merged_json(old.value, part.value)
        if part.kind is Kind.LANGUAGE and not value:
            return None
    else:
        value = part.value
    if observed_at is not None and old.observed_at is not None and part.observed_at is None:
        old = _at(old, observed_at)
    return _with(old, part, value, _blended_below(old.attributes, part.attributes, now), now)


def reshaped(name: str, old: Attribute, bare: Attribute, lang: str | None) -> Attribute:
    """A bare value as the kind that the attribute already has (5.6.17).

    lang: the common language under which a text enters a LanguageProperty. Raises BadRequestData if it cannot.
    """
    value = bare.value
    if old.kind is bare.kind or value == NULL:
        return bare
    shaped: Any = None
    if old.kind is Kind.LANGUAGE and isinstance(value, str):
        shaped = {lang or NONE: value}
    elif old.kind is Kind.RELATIONSHIP:
        shaped = value if is_uri(value) else _uris(value) or None
    elif old.kind is Kind.LIST_RELATIONSHIP:
        shaped = _uris(value)
    elif old.kind is Kind.LIST and isinstance(value, list):
        shaped = value
    elif old.kind is Kind.VOCAB:
        shaped = value if is_uri(value) else None
    elif old.kind is Kind.JSON or old.kind is Kind.PROPERTY or (old.kind is Kind.GEO and is_geometry(value)):
        shaped = value
    if shaped is None:
        raise BadRequestData(
            f"{name} is a {old.kind.value}, and {value!r:.60} is not a value for one; "
            "give the attribute with its type to change that",
            where=name,
        )
    return Attribute(old.kind, shaped, bare.dataset_id, None, None, None, None, None, None, (), NO_ATTRIBUTES)


def merged_json(old: Any, patch: Any) -> Any:
    """The JSON merge patch of RFC 7396, with NULL for null."""
    if type(patch) is not dict:
        return patch
    result = dict(old) if type(old) is dict else {}
    for name, value in patch.items():
        if value == NULL:
            result.pop(name, None)
        else:
            result[name] = merged_json(result.get(name), value)
    return result


def without_nulls(value: Any) -> Any:
    """The value of a fragment where nothing was before: members that are NULL are left out."""
    return merged_json(None, value)


def _with(old: Attribute, part: Attribute, value: Any, below: Attributes, now: datetime) -> Attribute:
    types = part.object_type or old.object_type
    return Attribute(
        old.kind,
        value,
        old.dataset_id,
        _moment(part.observed_at, old.observed_at),
        _member(part.unit_code, old.unit_code),
        old.created_at,
        now,
        _moment(part.expires_at, old.expires_at),
        None,
        () if types == (NULL,) else types,
        below,
        _member(part.value_type, old.value_type),
    )


def _at(old: Attribute, observed_at: datetime) -> Attribute:
    return Attribute(
        old.kind,
        old.value,
        old.dataset_id,
        observed_at,
        old.unit_code,
        old.created_at,
        old.modified_at,
        old.expires_at,
        old.instance_id,
        old.object_type,
        old.attributes,
        old.value_type,
    )


def _moment(new: datetime | None, old: datetime | None) -> datetime | None:
    return old if new is None else None if new is NO_MOMENT else new


def _member(new: str | None, old: str | None) -> str | None:
    return old if new is None else None if new == NULL else new


def _uris(value: Any) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and all(map(is_uri, value)) else None


def _completed_below(attributes: Attributes, now: datetime, old: Attribute | None) -> Attributes:
    done = {name: _completed_instances(name, instances, now, old) for name, instances in attributes.items()}
    return {name: instances for name, instances in done.items() if instances} or NO_ATTRIBUTES


def _completed_instances(
    name: str, instances: tuple[Attribute, ...], now: datetime, above: Attribute | None
) -> tuple[Attribute, ...]:
    known = () if above is None else above.attributes.get(name, ())
    found = {old.dataset_id: old for old in known}
    return tuple([completed(name, i, now, found.get(i.dataset_id)) for i in instances if i.value != NULL])


def _blended_below(old: Attributes, part: Attributes, now: datetime) -> Attributes:
    if not part:
        return old
    below = dict(old)
    for name, instances in part.items():
        kept = {instance.dataset_id: instance for instance in below.pop(name, ())}
        for instance in instances:
            before = kept.pop(instance.dataset_id, None)
            if instance.value == NULL:
                continue
            after = completed(name, instance, now) if before is None else blended(name, before, instance, now)
            if after is not None:
                kept[instance.dataset_id] = after
        if kept:
            below[name] = tuple(kept.values())
    return below or NO_ATTRIBUTES
