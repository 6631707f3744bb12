"""How do the pages look without the rest of the house? A small server that feeds them made-up values."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.fakes import scenes

from machinami.foundation.errors import NotFound
from machinami.kit.assets import asset, cache_rule
from machinami.kit.happening import Happening, gather
from machinami.kit.layers import BASE_LAYERS, style
from machinami.kit.page import PAGE_HEADERS, Shell, render
from machinami.kit.words import choose_language
from machinami.portal import home
from machinami.portal import map as town_map

BASE = Path(os.environ.get("MACHINAMI_BASE", "/nonexistent"))
Handler = Callable[[Request], Awaitable[Response]]
SCENES: dict[str, Callable[[], Happening]] = {
    "storm": scenes.storm,
    "seen": lambda: scenes.storm(told=False),
    "calm": scenes.calm,
    "empty": scenes.empty,
}


def shell(request: Request) -> Shell:
    """The town around a page; the simulated ribbon shows unless the town is empty."""
    query = {key: value for key, value in request.query_params.items() if key != "lang"}
    return Shell(
        town=scenes.TOWN,
        now=scenes.NOW,
        path=request.url.path,
        query=query,
        origin=f"{request.url.scheme}://{request.url.netloc}",
        simulated=scene(request) != "empty",
    )


def scene(request: Request) -> str:
    """Which made-up state is asked for."""
    return request.query_params.get("scene") or request.cookies.get("scene") or "storm"


def answer(request: Request, name: str, status: int = 200, **view: object) -> Response:
    """A rendered page in the language asked for, which is remembered."""
    asked = request.query_params.get("lang")
    language = choose_language(asked, request.cookies.get("lang"))
    around = replace(shell(request))
    response = Response(render(name, language, shell=around, **view), status, dict(PAGE_HEADERS))
    if asked:
        response.set_cookie("lang", language, samesite="lax")
    return response


async def show_home(request: Request) -> Response:
    """The home page."""
    happening = gather([SCENES[scene(request)]()])
    return answer(request, home.TEMPLATE, home=home.view(happening, scenes.NOW))


async def show_map(request: Request) -> Response:
    """The map page."""
    happening = gather([SCENES[scene(request)]()])
    shelters = () if scene(request) == "empty" else scenes.SHELTERS
    return answer(request, town_map.TEMPLATE, map=town_map.view(happening, shelters))


async def show_style(request: Request) -> Response:
    """The style of the map."""
    language = choose_language(request.query_params.get("lang"), None)
    theme = "dark" if request.query_params.get("theme") == "dark" else "light"
    there = [name for name in BASE_LAYERS if (BASE / f"{name}.geojson").is_file()]
    return JSONResponse(style(language, theme, there))


async def show_base(request: Request) -> Response:
    """A layer of the base map."""
    name = request.path_params["layer"]
    return JSONResponse(json.loads((BASE / f"{name}.geojson").read_text("utf-8")))


async def show_asset(request: Request) -> Response:
    """A file for the browser."""
    path = request.path_params["path"]
    try:
        found = asset(path)
    except NotFound:
        return Response("not found", 404)
    rule = cache_rule(path, request.query_params.get("v"))
    return Response(found.body, headers={"Content-Type": found.media_type, "Cache-Control": rule})


def make_app() -> Starlette:
    """The preview as an ASGI application."""
    return Starlette(
        routes=[
            Route("/", show_home),
            Route("/map", show_map),
            Route("/map/style.json", show_style),
            Route("/map/base/{layer}.geojson", show_base),
            Route("/static/{path:path}", show_asset),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(make_app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
