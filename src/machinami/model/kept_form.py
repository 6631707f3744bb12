"""How is an entity written out straight from the form in which it is kept?

Nothing here has a meaning of its own: it is what `compaction.compact_entity` makes of the entity, for what is common
and simple, without making the entity first. A test holds both to the same JSON.
"""

from functools import lru_cache

from machinami.model.attribute import Kind
from machinami.model.compaction import Json
from machinami.model.context import Context
from machinami.model.document import KIND_CODES, Document
from machinami.model.representation import Representation
from machinami.model.values import MEMBERS

_MOMENTS = 16_384
_CARRIERS = {KIND_CODES[kind]: (kind.value, MEMBERS[kind]) for kind in (Kind.PROPERTY, Kind.GEO, Kind.RELATIONSHIP)}
_KNOWN = frozenset("kvoucm")
_NORMALIZED, _SIMPLIFIED = Representation(), Representation("simplified")


def compact_document(document: Document, context: Context, representation: Representation) -> Json | None:
    """The entity as JSON without @context; None where it takes `compact_entity` to say what it looks like."""
    simple = representation == _SIMPLIFIED
    if not simple and representation != _NORMALIZED:
        return None
    compact = context.compact
    types = [compact(name) for name in document["t"]]
    written: Json = {"id": document["i"], "type": types[0] if len(types) == 1 else types}
    scopes = document.get("s")
    if scopes:
        written["scope"] = scopes[0] if len(scopes) == 1 else scopes
    for name, instances in document["a"].items():
        if len(instances) != 1:
            return None
        instance = instances[0]
        carrier = _CARRIERS.get(instance["k"])
        if carrier is None or not instance.keys() <= _KNOWN:
            return None
        written[compact(name)] = instance["v"] if simple else _instance(instance, *carrier)
    return written


def _instance(instance: Document, kind: str, member: str) -> Json:
    written = {"type": kind, member: instance["v"]}
    if "o" in instance:
        written["observedAt"] = _moment(instance["o"])
    if "u" in instance:
        written["unitCode"] = instance["u"]
    return written


@lru_cache(_MOMENTS)
def _moment(text: str) -> str:
    """The moment with a fraction only where it has one, as `format_instant` writes it."""
    return text.replace(".000000Z", "Z")
