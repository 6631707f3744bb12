"""How do the pages look without the rest of the house? A small server that feeds them made-up values."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.fakes import rivers, scenes

from machinami.foundation.errors import NotFound
from machinami.kit.assets import asset, cache_rule
from machinami.kit.happening import Happening, gather
from machinami.kit.layers import BASE_LAYERS, style
from machinami.kit.page import PAGE_HEADERS, Shell, render
from machinami.kit.words import Words, choose_language
from machinami.portal import home
from machinami.portal import map as town_map
from machinami.services.flood import page as flood

BASE = Path(os.environ.get("MACHINAMI_BASE", "/nonexistent"))
Handler = Callable[[Request], Awaitable[Response]]
SCENES: dict[str, Callable[[], Happening]] = {
    "storm": scenes.storm,
    "seen": lambda: scenes.storm(told=False),
    "calm": scenes.calm,
    "empty": scenes.empty,
}


RIVERS: dict[str, Callable[[], flood.State]] = {
    "storm": rivers.storm,
    "seen": rivers.storm,
    "calm": rivers.calm,
    "empty": rivers.empty,
}


@dataclass(slots=True)
class Desk:
    """What officers have decided while the preview runs."""

    state: flood.State | None = None


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


def language_of(request: Request) -> Words:
    """The words of the flood page in the language asked for."""
    asked = request.query_params.get("lang")
    return Words(choose_language(asked, request.cookies.get("lang")), "machinami.services.flood")


def known(request: Request) -> flood.State:
    """What the flood service knows: the decided state, else the scene's."""
    desk: Desk = request.app.state.desk
    return desk.state or RIVERS[scene(request)]()


async def show_flood(request: Request) -> Response:
    """The flood page."""
    audience = flood.choose_audience(request.query_params.get("view"))
    words, done = language_of(request), request.query_params.get("done", "")
    zone = shell(request).zone
    return answer(request, flood.TEMPLATE, flood=flood.view(known(request), audience, words, scenes.NOW, zone, done))


async def approve(request: Request) -> Response:
    """Publish the first proposal as the officer wrote it."""
    form = {key: str(value) for key, value in (await request.form()).items()}
    state = known(request)
    proposal = replace(state.proposals[0], headline=form["headline"], body=form["body"], area=form["area"])
    who = f"{form['role']} {form['who']}"
    decision = flood.Decision(scenes.NOW, "approved", proposal.headline, form["who"], form["role"])
    told = (rivers.notice(proposal, who),)
    request.app.state.desk.state = replace(state, proposals=(), notices=told, decisions=(decision, *state.decisions))
    return RedirectResponse(f"{flood.ADDRESS}?view=officer&done=approved", 303)


async def withdraw(request: Request) -> Response:
    """Take back what is published."""
    form = {key: str(value) for key, value in (await request.form()).items()}
    state = known(request)
    subject = state.notices[0].headline
    decision = flood.Decision(scenes.NOW, "withdrawn", subject, form["who"], form["role"], form["reason"])
    request.app.state.desk.state = replace(state, notices=(), decisions=(decision, *state.decisions))
    return RedirectResponse(f"{flood.ADDRESS}?view=officer&done=withdrawn", 303)


async def change_thresholds(request: Request) -> Response:
    """Check what was typed; say what is wrong, or go on."""
    form = {key: str(value) for key, value in (await request.form()).items()}
    words = language_of(request)
    _, fields = flood.read_thresholds(form, words)
    if any(field.fault for field in fields):
        rejected = {form["gauge"]: fields}
        seen = flood.view(known(request), "officer", words, scenes.NOW, shell(request).zone, rejected=rejected)
        return answer(request, flood.TEMPLATE, 422, flood=seen)
    return RedirectResponse(f"{flood.ADDRESS}?view=officer&done=thresholds", 303)


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
    app = Starlette(
        routes=[
            Route("/", show_home),
            Route(flood.ADDRESS, show_flood),
            Route(f"{flood.ADDRESS}/approve", approve, methods=["POST"]),
            Route(f"{flood.ADDRESS}/withdraw", withdraw, methods=["POST"]),
            Route(f"{flood.ADDRESS}/thresholds", change_thresholds, methods=["POST"]),
            Route("/map", show_map),
            Route("/map/style.json", show_style),
            Route("/map/base/{layer}.geojson", show_base),
            Route("/static/{path:path}", show_asset),
        ]
    )
    app.state.desk = Desk()
    return app


if __name__ == "__main__":
    uvicorn.run(make_app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
