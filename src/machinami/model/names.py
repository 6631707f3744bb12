"""Which words may name a type, an attribute or a scope?"""

from machinami.foundation.errors import BadRequestData
from machinami.foundation.urn import is_uri
from machinami.model import core_terms

# what an attribute has beside its value and its sub-attributes; no attribute may have such a name (4.5.1)
_NOT_REIFIED = """
    createdAt datasetId deletedAt expiresAt instanceId lang modifiedAt objectType observedAt unitCode valueType
    previousJson previousLanguageMap previousObject previousObjectList previousValue previousValueList previousVocab
"""
# what carries a value; Smart Data Models have entities with an attribute `value`, so these may name attributes
_CARRIERS = "entity entityList json languageMap object objectList value valueList vocab"

# the members of an entity that are no attributes
HEAD_MEMBERS = frozenset(
    ("id", "@id", "type", "@type", "scope", "expiresAt", "createdAt", "modifiedAt", "deletedAt", "@context")
)

# the members of an attribute that are no sub-attributes
RESERVED_TERMS = frozenset(f"{_NOT_REIFIED} {_CARRIERS}".split())


def _core_iri(term: str) -> str:
    return core_terms.OTHER_IRIS.get(term, f"ngsi-ld:{term}").replace("ngsi-ld:", core_terms.NAMESPACE)


SCOPE = core_terms.NAMESPACE + "scope"  # under this name the history keeps the scopes of an entity (4.5.6)
LOCATION = core_terms.NAMESPACE + "location"  # where an entity is, if it says so (4.7)
_RESERVED_IRIS = frozenset(map(_core_iri, _NOT_REIFIED.split())) | {SCOPE}


def is_name(text: str) -> bool:
    """Whether the text is a name in the sense of 4.6.2 (letters, numbers, _; with a prefix or not), or an IRI."""
    prefix, colon, rest = text.partition(":")
    if _is_word(prefix) and (not colon or _is_word(rest)):
        return True
    return bool(colon) and is_uri(text) and len(prefix) > 1


def _is_word(text: str) -> bool:
    return text[:1].isalpha() and text.replace("_", "").isalnum()


def check_name(name: object, where: str) -> str:
    """The name itself. Raises BadRequestData if it is none."""
    if isinstance(name, str) and is_name(name):
        return name
    raise BadRequestData(
        f"{name!r} in {where} cannot be a name; a name starts with a letter and has only letters, "
        "numbers and _ after it (temperature, sdm:temperature), or is an IRI",
        where=where,
    )


def check_attribute_name(name: str, iri: str) -> str:
    """The IRI of an attribute's name. Raises BadRequestData if no attribute may have it."""
    check_name(name, repr(name))
    if iri in _RESERVED_IRIS or iri.startswith("@"):
        raise BadRequestData(
            f"{name!r} cannot name an attribute: NGSI-LD uses it for something else; choose another name",
            where=name,
        )
    return iri


def is_scope(text: object) -> bool:
    """Whether the text is a scope (4.18): levels of letters, numbers and _, each starting with a letter."""
    return isinstance(text, str) and all(map(_is_word, text.removeprefix("/").split("/")))
