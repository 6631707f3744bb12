"""Which files do the pages load: styles, scripts, letters, the map's style and its layers?"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from machinami.foundation.errors import NotFound
from machinami.kit.assets import asset, cache_rule
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.layers import Theme, style
from machinami.kit.page import town_name

File = Callable[[Request], Response]
GEOJSON = b"application/geo+json"


def file_routes(desk: Desk, frame: Frame) -> list[Route]:
    """The addresses of all files."""
    return [
        Route("GET", "/map/style.json", _style(desk, frame), "The style of the map", "Pages"),
        Route("GET", "/map/base/{file}", _base(desk), "A layer of the base map", "Pages"),
        Route("GET", "/static/{path:path}", show_asset, "A file of the pages", "Pages"),
        Route("GET", "/manifest.webmanifest", _manifest(frame), "The web app manifest", "Pages"),
    ]


def show_asset(request: Request) -> Response:
    """A file for the browser, kept for ever under its content hash. Raises NotFound."""
    request.forgive()
    path = request.params["path"]
    found = asset(path)
    rule, tag = cache_rule(path, request.arguments.get("v")), f'"{found.digest}"'
    headers = [(b"cache-control", rule.encode()), (b"etag", tag.encode())]
    if request.header(b"if-none-match") == tag:
        return Response(304, headers=headers)
    return Response(200, found.body, found.media_type.encode(), headers)


def _style(desk: Desk, frame: Frame) -> File:
    def show(request: Request) -> Response:
        theme: Theme = "dark" if request.arguments.get("theme") == "dark" else "light"
        language = frame.words(request).language
        return Response(200, orjson.dumps(style(language, theme, desk.base_layers().keys())), JSON)

    return show


def _base(desk: Desk) -> File:
    rendered: dict[str, tuple[Mapping[str, Any], bytes]] = {}

    def show(request: Request) -> Response:
        name, layers = request.params["file"].removesuffix(".geojson"), desk.base_layers()
        if name not in layers:
            raise NotFound(f"The base map has no layer {name[:80]!r}; it has: {', '.join(layers) or 'none'}")
        request.forgive()
        kept = rendered.get(name)
        if kept is None or kept[0] is not layers[name]:
            kept = rendered[name] = (layers[name], orjson.dumps(layers[name]))
        return Response(200, kept[1], GEOJSON, [(b"cache-control", b"max-age=300")])

    return show


def _manifest(frame: Frame) -> File:
    def show(request: Request) -> Response:
        name = town_name(frame.names, frame.words(request).language)
        icons = [{"src": "/static/icons/machinami.svg", "sizes": "any", "type": "image/svg+xml"}]
        known = {"name": name, "short_name": name, "start_url": "/", "display": "minimal-ui", "icons": icons}
        colours = {"background_color": "#fbfaf6", "theme_color": "#1b5e8c"}
        return Response(200, orjson.dumps({**known, **colours}), b"application/manifest+json")

    return show
