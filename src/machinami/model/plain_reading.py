"""What does a document say whose attributes are plain? Its values, read by what the one before it of the name was like.

Nothing here has a meaning of its own: what is read is what `expansion` makes of the document, and None where that takes
a closer look, which also says what is wrong. A test holds both to the same.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from machinami.foundation.urn import is_uri
from machinami.model import core_terms
from machinami.model.attribute import Kind
from machinami.model.document import moment_to_text
from machinami.model.null import NULL
from machinami.model.plain import Form, Plain, form_of, shape_of
from machinami.model.shapes import SCALARS, is_point, known_moment, read_common

Read = Callable[[dict[str, Any], list[Any]], Form | None]  # adds its fields to those before it

_NAMES = 4_096
_LONGEST_NAME = 256  # letters
_PLACES = tuple(core_terms.NAMESPACE + name for name in ("location", "observationSpace", "operationSpace"))
# looked up once: before Python 3.12 an enum's member costs as much as reading a value
_GEO, _RELATIONSHIP = Kind.GEO, Kind.RELATIONSHIP

_latest: dict[str, Read] = {}  # by the IRI of the attribute: the next one of this name often has the same form


def read_plain(document: Mapping[str, Any], named: Iterable[tuple[str, str]]) -> Plain | None:
    """What the attributes say (named: their names with their IRIs), None where one of them takes a closer look."""
    fields: list[Any] = []
    forms: list[Form] = []
    for name, iri in named:
        body = document[name]
        if type(body) is not dict:
            return None
        read = _latest.get(iri)
        count = len(fields)
        form = read(body, fields) if read is not None else None
        if form is None:
            del fields[count:]
            form = _read_another(name, iri, body, fields)
            if form is None:
                return None
        forms.append(form)
    shape = shape_of(tuple(forms))
    slots = shape.slots
    if len(slots) < len(forms):
        return None
    for place in _PLACES:
        if place in slots and slots[place] not in shape.places:
            return None
    return Plain(shape, tuple(fields))


def _read_another(name: str, iri: str, body: dict[str, Any], fields: list[Any]) -> Form | None:
    instance = read_common(name, body)
    if instance is None:
        return None
    form = form_of(iri, instance.kind, instance.unit_code, instance.observed_at is not None)
    fields.append(instance.value)
    if instance.observed_at is not None:
        fields.append(moment_to_text(instance.observed_at))
    if len(iri) <= _LONGEST_NAME:
        if len(_latest) >= _NAMES:  # names come from outside: never let them fill the memory
            _latest.clear()
        _latest[iri] = _linked(form, "type" in body) if form.kind is _RELATIONSHIP else _measured(form, "type" in body)
    return form


def _measured(form: Form, typed: bool) -> Read:
    """The reader of a Property or a point that has this form."""
    word, unit, timed, is_place = form.kind.value, form.unit, form.timed, form.kind is _GEO
    size = 1 + typed + timed + (unit is not None)

    def read(body: dict[str, Any], fields: list[Any]) -> Form | None:
        if len(body) != size:
            return None
        try:
            content = body["value"]
            if (typed and body["type"] != word) or (unit is not None and body["unitCode"] != unit):
                return None
            if is_place:
                if not is_point(content):
                    return None
            elif type(content) not in SCALARS and (type(content) is not str or content == NULL):
                return None
            fields.append(content)
            if timed:
                observed = known_moment(body["observedAt"])
                if observed is None:
                    return None
                fields.append(moment_to_text(observed))
        except KeyError:
            return None
        return form

    return read


def _linked(form: Form, typed: bool) -> Read:
    """The reader of a Relationship to one entity that has this form."""
    timed = form.timed
    size = 1 + typed + timed

    def read(body: dict[str, Any], fields: list[Any]) -> Form | None:
        if len(body) != size:
            return None
        try:
            target = body["object"]
            if (typed and body["type"] != "Relationship") or target == NULL or not is_uri(target):
                return None
            fields.append(target)
            if timed:
                observed = known_moment(body["observedAt"])
                if observed is None:
                    return None
                fields.append(moment_to_text(observed))
        except KeyError:
            return None
        return form

    return read
