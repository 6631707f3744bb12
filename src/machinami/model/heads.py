"""What does a document say of an entity besides its attributes? Its types and its scopes."""

from functools import lru_cache
from typing import Any

from machinami.model import core_terms
from machinami.model.attribute import Kind
from machinami.model.context import Context
from machinami.model.names import check_name, is_scope
from machinami.model.null import NULL, Nulls
from machinami.model.values import wrong

_KIND_IRIS = frozenset(core_terms.NAMESPACE + kind.value for kind in Kind)
_CACHED = 4_096
_LONGEST = 256  # letters of a name that is remembered: names come from outside


def read_types(value: Any, context: Context, where: str = "type") -> tuple[str, ...]:
    """The types that a member says, expanded (4.16). Raises BadRequestData."""
    return (
        _type(value, context, where) if type(value) is str and len(value) <= _LONGEST else _types(value, context, where)
    )


@lru_cache(_CACHED)
def _type(name: str, context: Context, where: str) -> tuple[str, ...]:
    """The one type of most entities; few names are those of many entities."""
    return _types(name, context, where)


def _types(value: Any, context: Context, where: str) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not names or value is None:
        raise wrong(where, "there is no type", 'write it as "type": "Gauge" or ["Gauge", "Sensor"]')
    types = tuple(dict.fromkeys([context.expand(check_name(name, where)) for name in names]))
    if any(name.startswith("@") for name in types):
        raise wrong(where, f"{value!r} is a word of JSON-LD, not a type", "choose another name")
    if not _KIND_IRIS.isdisjoint(types):
        raise wrong(where, f"{value!r} is a type of attribute, not of entity", "give the attribute with its name")
    return types


def read_scopes(value: Any, nulls: Nulls = Nulls.FORBIDDEN) -> tuple[str, ...]:
    """The scopes that the member `scope` says (4.18); (NULL,) where it says that there are none any more."""
    scopes = value if isinstance(value, list) else [value]
    if scopes == [NULL] and nulls is not Nulls.FORBIDDEN:
        return (NULL,)
    for index, scope in enumerate(scopes):
        if not is_scope(scope):
            right = "write it as /Town/District: letters, numbers and _, each level starting with a letter"
            raise wrong(f"scope[{index}]", f"{scope!r} is not a scope", right)
    return tuple(dict.fromkeys(scopes))
