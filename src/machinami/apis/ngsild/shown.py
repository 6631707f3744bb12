"""How are found entities shown? Media type, form and page links of retrieving and querying."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import orjson

from machinami.apis.ngsild.face import context_member, given
from machinami.apis.ngsild.joined import join_linked
from machinami.apis.ngsild.negotiation import GEO_JSON, LD_JSON, link_field
from machinami.apis.ngsild.parameters import View
from machinami.apis.ngsild.preferences import preferences
from machinami.apis.ngsild.rendering import Rendered, array, with_context
from machinami.foundation.errors import NotFound
from machinami.kit.http import Request, Response, read_arguments
from machinami.model.compaction import Json, to_feature
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.found import Found
from machinami.model.linking import Find
from machinami.model.query import Page

T = TypeVar("T")

COUNT = b"NGSILD-Results-Count"
NOTHING = b"{}"
_UNSAFE = re.compile(r"[^A-Za-z0-9%&=._~:;,+*()!$'@/?|-]")


def show_entity(
    entity: Entity, view: View, media: bytes, request: Request, rendered: Rendered, find: Find | None = None
) -> Response:
    """The answer that shows one entity. find: how linked entities are found, where the view joins them.

    Raises NotFound where nothing of the entity is left to be shown (4.21).
    """
    if view.join is not None and find is not None:
        joined = join_linked([entity], view, view.join, find)
        if media == GEO_JSON:
            features = joined.features()
            return _show_geojson(features[0] if len(features) == 1 else _collection(features), view, request)
        parts = [orjson.dumps(document) for document in joined.documents()]
    elif media == GEO_JSON:
        feature = to_feature(entity, view.context, view.representation, view.geometry_property)
        return _show_geojson(feature, view, request)
    else:
        parts = [rendered.entity(entity, view)]
    if parts[0] == NOTHING:
        raise NotFound(f"The entity {entity.id} has none of the members that are asked for", entityId=entity.id)
    if media == LD_JSON:
        parts = [with_context(part, view.context) for part in parts]
    return given(media, parts[0] if len(parts) == 1 else array(parts), view.context)


def show_page(
    found: Found,
    page: Page,
    view: View,
    media: bytes,
    request: Request,
    rendered: Rendered,
    more: bool,
    find: Find | None = None,
) -> Response:
    """The answer that shows one page of a query. more: whether another page follows; find: as in show_entity."""
    if media == GEO_JSON:
        response = _show_geojson(_collection(_features(found, view, find)), view, request)
    else:
        if view.join is not None and find is not None:
            documents = join_linked(found.entities, view, view.join, find).documents()
            parts = [orjson.dumps(document) for document in documents]
        else:
            parts = [rendered.entity(entity, view) for entity in found.entities]
        if view.representation.is_projected:
            parts = [part for part in parts if part != NOTHING]
        if media == LD_JSON:
            parts = [with_context(part, view.context) for part in parts]
        response = given(media, array(parts), view.context)
    if found.count is not None:
        response.headers.append((COUNT, b"%d" % found.count))
    if more or page.offset:
        response.headers.extend(page_links(request, page, more, media))
    return response


def show_list(
    every: Sequence[T],
    page: Page,
    show: Callable[[T], Json],
    media: bytes,
    context: Context,
    request: Request,
    by_name: bool = True,
) -> Response:
    """The answer that shows one page of what is kept in memory: subscriptions, registrations. by_name: as in
    page_links."""
    end = page.offset + page.limit
    response = given(media, orjson.dumps([show(one) for one in every[page.offset : end]]), context)
    if page.count:
        response.headers.append((COUNT, b"%d" % len(every)))
    response.headers.extend(page_links(request, page, end < len(every), hinted(request, media), by_name))
    return response


def _features(found: Found, view: View, find: Find | None) -> list[Json]:
    if view.join is not None and find is not None:
        return join_linked(found.entities, view, view.join, find).features()
    context, form = view.context, view.representation
    return [to_feature(entity, context, form, view.geometry_property) for entity in found.entities]


def _collection(features: list[Json]) -> Json:
    return {"type": "FeatureCollection", "features": features}


def page_links(
    request: Request, page: Page, more: bool, media: bytes, by_name: bool = True
) -> list[tuple[bytes, bytes]]:
    """Link headers to the pages before and after (6.3.10). by_name: parameters in the order of their names, else as
    they came; clients compare either."""
    if request.method != "GET" or not page.limit:  # who only counts has no pages to go through
        return []
    return _page_links(request.path.rstrip("/"), request.query, page, more, media, by_name)


def hinted(request: Request, media: bytes) -> bytes:
    """The media type that links to other pages of subscriptions and registrations name: JSON-LD, in which they are at
    home, where the client leaves it open; 6.3.10 speaks of a type that the client asked for."""
    return LD_JSON if (request.header(b"accept") or "*/*").strip() == "*/*" else media


def _page_links(
    path: str, query: str, page: Page, more: bool, media: bytes, by_name: bool
) -> list[tuple[bytes, bytes]]:
    offsets = []
    if page.offset:
        offsets.append(("prev", max(0, page.offset - page.limit)))
    if more:
        offsets.append(("next", page.offset + page.limit))
    links = []
    for rel, offset in offsets:
        target = f"{path.rstrip('/')}?{_turned(query, {'limit': str(page.limit), 'offset': str(offset)}, by_name)}"
        links.append((b"link", f'<{target}>; rel="{rel}"; type="{media.decode("ascii")}"'.encode("ascii", "replace")))
    return links


def _turned(query: str, page: dict[str, str], by_name: bool) -> str:
    """The query for another page, in the wanted order; otherwise as it came, where that can stand in a header."""
    parts = [(part.partition("=")[0], part) for part in query.split("&") if part]
    if _UNSAFE.search(query) is not None or any("%" in name for name, _ in parts):
        return urlencode(sorted({**read_arguments(query), **page}.items()))
    written = dict(parts) | {name: f"{name}={text}" for name, text in page.items()}
    turned = "&".join(sorted(written.values()) if by_name else written.values())
    return turned.replace("%3A", ":").replace("%2A", "*") if "%" in turned else turned


def _show_geojson(document: dict[str, object], view: View, request: Request) -> Response:
    if preferences(request).get("body") == "json":
        return Response(200, orjson.dumps(document), GEO_JSON, [link_field(view.context.link)])
    document["@context"] = context_member(view.context)
    return Response(200, orjson.dumps(document), GEO_JSON)


def is_more(found: Found, page: Page) -> tuple[Found, bool]:
    """Cut the one entity too many, by which it is seen that another page follows."""
    if len(found.entities) > page.limit:
        return Found(found.entities[: page.limit], found.count), True
    return found, False


def one_more(page: Page) -> Page:
    """The page to ask the store for: one entity more than is shown."""
    return Page(page.limit + 1, page.offset, page.count)


def listed(names: Sequence[str]) -> bytes:
    """A JSON array of texts."""
    return orjson.dumps(list(names))
