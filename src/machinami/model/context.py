"""What do the short names of a document stand for? JSON-LD contexts as values.

A `Context` expands names to IRIs and compacts IRIs to names. It is assembled from what the user sent
(a URL, an object, or a list of them) with a lookup for documents that were fetched before; nothing here
fetches. The core context comes last and therefore wins (ETSI GS CIM 009, 5.5.7).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, TypeVar

from machinami.foundation.errors import BadRequestData, ContextNotAvailable
from machinami.model import core_terms, town_terms
from machinami.model.names import HEAD_MEMBERS, check_attribute_name

K = TypeVar("K")
V = TypeVar("V")
Lookup = Callable[[str], Mapping[str, Any] | None]

CORE_URL = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v{version}.jsonld"
CORE_URL_UNVERSIONED = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
LATEST = core_terms.VERSIONS[-1]
_CACHED_NAMES = 20_000
_CACHED_MEMBERS = 500
_LONGEST_MEMBERS = 2_000  # letters of all names together
_MAX_DEPTH = 10


@lru_cache(64)
def _core_url(version: str) -> str:
    return CORE_URL.format(version=version)


@dataclass(frozen=True, eq=False)
class Context:
    """A complete context.

    source: what the user gave without the core (a URL, an object or a list), None for the core alone;
    core_version: the core context that applies; terms: name -> IRI; names: IRI -> shortest term.
    """

    source: Any
    core_version: str
    terms: Mapping[str, str]
    names: Mapping[str, str]
    prefixes: tuple[tuple[str, str], ...]
    _expanded: dict[str, str] = field(default_factory=dict, repr=False)
    _compacted: dict[str, str] = field(default_factory=dict, repr=False)
    _attributes: dict[str, str] = field(default_factory=dict, repr=False)
    _members: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = field(default_factory=dict, repr=False)

    @property
    def core_url(self) -> str:
        """The URL of the core context that applies."""
        return _core_url(self.core_version)

    @property
    def link(self) -> str:
        """The URL that a Link header names: the user's where there is exactly one, else the core's."""
        return self.source if isinstance(self.source, str) else self.core_url

    def expand(self, name: str) -> str:
        """The IRI that a term, a compact IRI or an IRI stands for."""
        iri = self._expanded.get(name)
        if iri is None:
            iri = _expand(name, self.terms)
            _remember(self._expanded, name, iri)
        return iri

    def attribute(self, name: str) -> str:
        """The IRI of an attribute's name. Raises BadRequestData for what cannot name an attribute (4.6.2)."""
        iri = self._attributes.get(name)
        if iri is None:
            iri = check_attribute_name(name, self.expand(name))
            _remember(self._attributes, name, iri)
        return iri

    def attributes(self, members: tuple[str, ...]) -> tuple[tuple[str, str], ...] | None:
        """The attributes among the members of an entity's document, each with its IRI; None where one of them cannot
        be an attribute's name, or two have the same IRI. Many documents have the same members."""
        named = self._members.get(members)
        if named is None:
            try:
                named = tuple([(name, self.attribute(name)) for name in members if name not in HEAD_MEMBERS])
            except BadRequestData:
                return None
            if len({iri for _, iri in named}) < len(named):
                return None
            if sum(map(len, members)) <= _LONGEST_MEMBERS:
                _remember(self._members, members, named, _CACHED_MEMBERS)
        return named

    def compact(self, iri: str) -> str:
        """The shortest name for an IRI in this context."""
        name = self._compacted.get(iri)
        if name is None:
            name = self._shorten(iri)
            _remember(self._compacted, iri, name)
        return name

    def _shorten(self, iri: str) -> str:
        if iri in self.names:
            return self.names[iri]
        vocab = core_terms.DEFAULT_VOCAB
        if iri.startswith(vocab) and len(iri) > len(vocab):
            rest = iri[len(vocab) :]
            if rest not in self.terms and ":" not in rest:
                return rest
        for prefix, start in self.prefixes:
            name = f"{prefix}:{iri[len(start) :]}"
            if iri.startswith(start) and len(iri) > len(start) and _expand(name, self.terms) == iri:
                return name
        return iri


def _remember(names: dict[K, V], key: K, value: V, most: int = _CACHED_NAMES) -> None:
    if len(names) >= most:  # names come from outside: never let them fill the memory
        names.clear()
    names[key] = value


def _expand(name: str, terms: Mapping[str, str]) -> str:
    if name in terms:
        return terms[name]
    prefix, colon, rest = name.partition(":")
    if colon:
        if not rest.startswith("//") and prefix in terms:
            return terms[prefix] + rest
        return name
    return core_terms.DEFAULT_VOCAB + name


def core(version: str = LATEST) -> Context:
    """The core context of this version, from the built-in table."""
    return _core(version)


@cache
def _core(version: str) -> Context:
    return _complete(None, version, {})


def assemble(source: Any, lookup: Lookup) -> Context:
    """The context that a @context member or a Link header describes.

    source: a URL, an object, or a list of them. lookup: URL -> the document kept for it, None if unknown.
    Raises ContextNotAvailable (fact `url`) for a URL that is not kept; BadRequestData for a malformed context.
    """
    version, terms = _Assembly(lookup).read(source)
    kept = [s for s in (source if isinstance(source, list) else [source]) if core_version_of(s) is None and s]
    if not kept:
        return core(version)
    return _complete(kept[0] if len(kept) == 1 else kept, version, terms)


def core_version_of(url: object) -> str | None:
    """The version of the core context that this URL names, None if it names another document."""
    if not isinstance(url, str):
        return None
    if url == CORE_URL_UNVERSIONED:
        return LATEST
    return _core_urls().get(url)


@cache
def _core_urls() -> Mapping[str, str]:
    return {
        address: version
        for version in core_terms.VERSIONS
        for address in (CORE_URL.format(version=version), "http" + CORE_URL.format(version=version)[5:])
    }


@cache
def core_mapping(version: str) -> Mapping[str, str]:
    """Term -> IRI of one core context version."""
    served = "1.6" if version == "1.5" else version
    terms = {"ngsi-ld": core_terms.NAMESPACE, "geojson": core_terms.GEOJSON, "id": "@id", "type": "@type"}
    for since, names in core_terms.SINCE.items():
        if since <= served:
            for name in names:
                if served <= core_terms.GONE.get(name, served):
                    other = core_terms.OTHER_IRIS.get(name, f"ngsi-ld:{name}")
                    if served <= core_terms.UNQUALIFIED_UNTIL.get(name, ""):
                        other = core_terms.DEFAULT_VOCAB + name
                    terms[name] = other.replace("ngsi-ld:", core_terms.NAMESPACE).replace(
                        "geojson:", core_terms.GEOJSON
                    )
    return terms


def _complete(source: Any, version: str, user: Mapping[str, str]) -> Context:
    terms = {**user, **core_mapping(version)}
    names: dict[str, str] = {}
    for name, iri in terms.items():
        if iri not in names or (len(name), name) < (len(names[iri]), names[iri]):
            names[iri] = name
    starts = [(n, i) for n, i in terms.items() if i[-1:] in ":/?#[]@" and len(i) > 1]
    starts.sort(key=lambda pair: (-len(pair[1]), pair[0]))
    return Context(source, version, terms, names, tuple(starts))


def _no_context(source: object) -> BadRequestData:
    return BadRequestData("A @context is a URL, an object, or a list of these", value=repr(source)[:80])


class _Assembly:
    """One walk through a context with everything it refers to."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._version: str | None = None
        self._terms: dict[str, str] = {}

    def read(self, source: Any) -> tuple[str, dict[str, str]]:
        self._take(source, 0)
        return self._version or LATEST, self._terms

    def _take(self, source: Any, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise BadRequestData(f"The @context refers to other contexts more than {_MAX_DEPTH} levels deep")
        if isinstance(source, str):
            self._take_url(source, depth)
        elif isinstance(source, list):
            if not all(part is None or isinstance(part, str | list | dict) for part in source):
                raise _no_context(source)  # before any part of it is fetched
            for part in source:
                self._take(part, depth + 1)
        elif isinstance(source, dict):
            self._take_definitions(source)
        elif source is not None:
            raise _no_context(source)

    def _take_url(self, url: str, depth: int) -> None:
        version = core_version_of(url)
        if version is not None:
            self._version = version
            return
        if url == town_terms.URL:
            self._terms.update(town_terms.TERMS)
            return
        document = self._lookup(url)
        if document is None:
            raise ContextNotAvailable(f"The @context {url} is not known here yet", url=url)
        if not isinstance(document, Mapping) or "@context" not in document:
            raise ContextNotAvailable(f"The document at {url} holds no @context", url=url)
        self._take(document["@context"], depth + 1)

    def _take_definitions(self, definitions: dict[str, Any]) -> None:
        # the core is protected: what it defines has its meaning in definitions, too
        local = {**self._terms, **core_mapping(LATEST)}
        defined: dict[str, str | None] = {}
        pending = {k: v for k, v in definitions.items() if not k.startswith("@")}

        def define(term: str, trail: tuple[str, ...]) -> None:
            target = pending.pop(term)
            if isinstance(target, dict):
                if "@context" in target:
                    raise BadRequestData(f"The term {term!r} has a @context of its own; NGSI-LD has none", term=term)
                target = target.get("@id", term if ":" in term else None)
            if target is None:
                defined[term] = None
                return
            if not isinstance(target, str):
                raise BadRequestData(f"The term {term!r} of the @context has no IRI", term=term)
            prefix = target.partition(":")[0]
            for needed in (target, prefix):
                if needed in pending and needed != term:
                    define(needed, (*trail, term))
                elif needed in trail:
                    raise BadRequestData(f"The term {term!r} of the @context refers to itself", term=term)
            iri = target if target.startswith("@") else _expand(target, local)
            defined[term] = iri
            if term not in core_mapping(LATEST):
                local[term] = iri

        while pending:
            define(next(iter(pending)), ())
        merged = {**self._terms, **defined}
        self._terms = {term: iri for term, iri in merged.items() if iri is not None}
