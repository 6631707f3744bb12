"""What do the query parameters of a request ask for? From their texts to values of the model (pure).

ETSI GS CIM 009, 6.4.3.2 (query), 6.5.3.1 (retrieve), 6.3.7 to 6.3.15. The same readers serve the Query document
of 5.2.23, whose members are given as texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from machinami.apis.ngsild.joins import check_apart, check_asked, check_projected, read_join
from machinami.foundation.errors import BadRequestData, InvalidRequest
from machinami.foundation.remembered import remembered
from machinami.foundation.urn import is_uri
from machinami.model import core_terms, parse
from machinami.model.context import Context
from machinami.model.linking import Join
from machinami.model.names import LOCATION
from machinami.model.query import Order, Page, Projection, Query, TypeSelection, names
from machinami.model.representation import NONE, Form, Representation
from machinami.model.target import ENTITY_MEMBERS

FORM = frozenset(
    {"options", "format", "lang", "attrs", "pick", "omit", "datasetId", "geometryProperty", "local", "type"}
)
PAGING = frozenset({"limit", "offset", "count"})
JOIN = frozenset({"join", "joinLevel", "containedBy"})
RETRIEVE = FORM | JOIN
SELECT = frozenset(
    "type id idPattern attrs q geometry georel coordinates geoproperty scopeQ expandValues jsonKeys local csf".split()
)
ORDER = frozenset({"orderBy", "orderFrom", "orderGeometry", "collation"})
QUERY = FORM | PAGING | SELECT | ORDER | JOIN | {"splitEntities"}

_FORMS: Mapping[str, Form] = {**{form: form for form in get_args(Form)}, "keyValues": "simplified"}
_OPTIONS = frozenset({"sysAttrs", "count", "local"})
_WORDS = {"@id": "id", "@type": "type", core_terms.NAMESPACE + "scope": "scope"}
SYSTEM = ENTITY_MEMBERS | {core_terms.NAMESPACE + "deletedAt"}
_HEAD = frozenset(_WORDS.values())
_MOST = 1_000_000_000

_VIEW = (
    *("options", "format", "lang", "attrs", "pick", "omit", "datasetId", "geometryProperty"),
    *("join", "joinLevel", "containedBy"),
)
_CACHED = 1024  # texts that come from outside, kept with what they mean

Arguments = Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How entities are wanted: in the words of which context, in which form, with which of them as geometry, and
    with which of those that they link to.

    Two views are never equal, so that a view itself can be the key of what was rendered for it; `read_view` gives
    the same one for the same wish.
    """

    context: Context
    representation: Representation
    geometry_property: str = LOCATION
    join: Join | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What a query asks for, which page of it, and how it is wanted."""

    query: Query
    page: Page
    view: View


@dataclass(frozen=True, slots=True)
class Paging:
    """The default and the largest number of entities on one page, and of instances of one attribute."""

    default: int = 20
    largest: int = 1000
    instances: int = 2000


def options(arguments: Arguments, known: frozenset[str]) -> frozenset[str]:
    """The words of `options`. Raises InvalidRequest for one that means nothing here."""
    words = frozenset(word.strip() for word in arguments.get("options", "").split(",") if word.strip())
    unknown = sorted(words - known)
    if unknown:
        raise InvalidRequest(
            f"Unknown options: {', '.join(unknown)[:200]}; known here: {', '.join(sorted(known))}", parameter="options"
        )
    return words


def chosen_form(arguments: Arguments, words: frozenset[str], forms: Mapping[str, str]) -> str | None:
    """The form that `format`, or else `options`, names (6.3.7); None without one."""
    name = arguments.get("format")
    if name is not None:
        if name not in forms:
            raise InvalidRequest(
                f"format={name[:100]!r} is not known; use one of {', '.join(sorted(forms))}", parameter="format"
            )
        return forms[name]
    for word in forms:
        if word in words:
            return forms[word]
    return None


def read_view(arguments: Arguments, context: Context, geo: bool = False) -> View:
    """How entities are wanted. geo: whether they are wanted as GeoJSON. The same wish gives the same view."""
    return _view(context, geo, tuple(map(arguments.get, _VIEW)))


@remembered(_CACHED)
def _view(context: Context, geo: bool, texts: tuple[str | None, ...]) -> View:
    arguments = {name: text for name, text in zip(_VIEW, texts, strict=True) if text is not None}
    words = options(arguments, _OPTIONS | _FORMS.keys())
    form = cast(Form, chosen_form(arguments, words, _FORMS) or "normalized")
    if "geometryProperty" in arguments and not geo:
        raise BadRequestData("geometryProperty has a meaning only with Accept: application/geo+json")
    join = read_join(arguments)
    pick, omit = (_tree(arguments, name, context, join) for name in ("pick", "omit"))
    if "attrs" in arguments and (pick is not None or omit is not None):
        raise BadRequestData("attrs cannot stand beside pick or omit; say it all with pick (4.21)", parameter="attrs")
    check_apart(pick, omit)
    representation = Representation(
        form=form,
        sys_attrs="sysAttrs" in words,
        attrs=read_names(arguments["attrs"], context) if "attrs" in arguments else None,
        pick=pick,
        omit=omit,
        lang=arguments.get("lang"),
        datasets=read_datasets(arguments),
    )
    geometry = context.attribute(arguments["geometryProperty"]) if "geometryProperty" in arguments else LOCATION
    return View(context, representation, geometry, join)


def read_types(arguments: Arguments, context: Context) -> TypeSelection | None:
    """The types asked for, if any are."""
    return _types(arguments["type"], context) if "type" in arguments else None


_types = remembered(_CACHED)(parse.parse_types)
read_names = remembered(_CACHED)(parse.parse_names)


def _tree(arguments: Arguments, parameter: str, context: Context, join: Join | None) -> Mapping[str, Any] | None:
    if parameter not in arguments:
        return None
    projection = parse.parse_projection(arguments[parameter], context, parameter)
    check_projected(projection.hops, join, parameter)
    return as_tree(projection)


def as_tree(projection: Projection) -> Mapping[str, Any]:
    """The projection as a representation wants it: names, and the words id, type and scope."""
    return {_WORDS.get(name, name): as_tree(inner) if inner else {} for name, inner in projection.members}


def read_datasets(arguments: Arguments) -> tuple[str, ...] | None:
    """The datasetIds to show, @none for the default instance; None: all."""
    if "datasetId" not in arguments:
        return None
    names = tuple(name.strip() for name in arguments["datasetId"].split(","))
    for name in names:
        if name != NONE and not is_uri(name):
            raise BadRequestData(f"{name[:100]!r} in datasetId is neither a URI nor {NONE}", parameter="datasetId")
    return names


def read_selection(arguments: Arguments, context: Context) -> Query:
    """Which entities are wanted, and in which order."""
    geo = None
    if not arguments.keys().isdisjoint(("georel", "geometry", "coordinates")):
        get = arguments.get
        geo = parse.parse_geo(get("georel"), get("geometry"), get("coordinates"), get("geoproperty"), context)
    expanded, untouched = (
        frozenset(parse.parse_names(arguments[name], context, name) if name in arguments else ())
        for name in ("expandValues", "jsonKeys")
    )
    if "csf" in arguments:
        parse.parse_q(arguments["csf"], context)
    order: tuple[Order, ...] = ()
    if "orderBy" in arguments:
        names = ("collation", "orderFrom", "orderGeometry")
        order = parse.parse_order(arguments["orderBy"], context, *(arguments.get(name) for name in names))
    return Query(
        types=read_types(arguments, context),
        ids=parse.parse_ids(arguments["id"]) if "id" in arguments else (),
        id_pattern=parse.parse_id_pattern(arguments["idPattern"]) if "idPattern" in arguments else None,
        attrs=read_names(arguments["attrs"], context) if "attrs" in arguments else (),
        q=parse.parse_q(arguments["q"], context, expanded - untouched) if "q" in arguments else None,
        geo=geo,
        scope=parse.parse_scope(arguments["scopeQ"]) if "scopeQ" in arguments else None,
        order=order,
    )


def read_search(arguments: Arguments, context: Context, paging: Paging, geo: bool = False) -> Search:
    """What a query asks for. Raises BadRequestData where it asks for everything without saying so (5.7.2.4)."""
    words = options(arguments, _OPTIONS | _FORMS.keys())
    page = read_page(arguments, paging, "count" in words)
    view = read_view(arguments, context, geo)
    query = read_selection(arguments, context)
    if not is_local(arguments):
        refuse_everything(query)
    check_asked(query.q, view.join)
    picked = view.representation.pick
    if picked is not None and picked.keys().isdisjoint(_HEAD):  # of the others nothing would be left to show (4.21)
        query = replace(query, attrs=tuple(picked))
    return Search(query, page, view)


def refuse_everything(query: Query) -> None:
    """Raise BadRequestData where no type, attribute or place is asked for: the query is too wide (5.7.2.4)."""
    asked = {*query.attrs, *(names(query.q) if query.q is not None else ())}
    if query.types is None and query.geo is None and asked <= SYSTEM:
        raise BadRequestData(
            "The query is too wide: give a type, a place (georel), or an attribute of the town's own in attrs or q, "
            "or say local=true to mean everything"
        )


def is_local(arguments: Arguments) -> bool:
    """Whether the request is limited to this broker (5.5.13): by local=true, or by asking for every type."""
    every = arguments.get("type", "").strip() == "*"
    if every and "local" in arguments and not read_flag(arguments, "local"):
        raise BadRequestData("type=* asks this broker alone; leave local=false out", parameter="local")
    return every or read_flag(arguments, "local")


def wants_stamps(arguments: Arguments) -> bool:
    """Whether the times of what is kept are wanted: of subscriptions and registrations (6.3.11)."""
    return "sysAttrs" in options(arguments, _OPTIONS | _FORMS.keys())


def read_page(arguments: Arguments, paging: Paging, count: bool = False) -> Page:
    """Which page is wanted (6.3.10, 6.3.13)."""
    count = count or read_flag(arguments, "count")
    limit = read_number(arguments, "limit", paging.default)
    if limit > paging.largest:
        raise BadRequestData(
            f"limit={limit} is more than the {paging.largest} that fit on one page; follow the next links",
            parameter="limit",
        )
    if limit == 0 and not count:
        raise BadRequestData("limit=0 has a meaning only with count=true", parameter="limit")
    return Page(limit, read_number(arguments, "offset", 0), count)


def read_number(arguments: Arguments, name: str, default: int) -> int:
    """A whole number of 0 or more."""
    text = arguments.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) > _MOST:
        raise BadRequestData(f"{name}={text[:100]!r} is not a whole number of 0 or more", parameter=name)
    return int(text)


def read_flag(arguments: Arguments, name: str) -> bool:
    """true or false; false if it is not given."""
    text = arguments.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadRequestData(f"{name}={text[:100]!r} is neither true nor false", parameter=name)
    return text == "true"
