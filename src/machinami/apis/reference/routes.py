"""Where is it told what can be asked? /openapi.json for programs, /docs for people."""

from collections.abc import Callable, Iterable
from functools import cache

import orjson

from machinami.apis.reference.view import asked_address, chapters
from machinami.kit.frame import Frame, PageHandler, see_other
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.openapi import OPERATION, Json, Operation, document

TEMPLATE = "machinami.apis.reference/docs.html"
_HOME = "http://127.0.0.1:1026"
_DOCUMENT = {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}


def routes(described: Iterable[Route], frame: Frame, version: str) -> list[Route]:
    """The addresses that tell of the described routes, and of themselves."""
    every = list(described)

    @cache
    def told() -> Json:
        return document(every, version)

    @cache
    def written() -> bytes:
        return orjson.dumps(told())

    def tell(_: Request) -> Response:
        return Response(200, written(), JSON)

    details = {OPERATION: Operation(answers={200: _DOCUMENT})}
    itself = Route("GET", "/openapi.json", tell, "What can be asked, as OpenAPI", "Status", details=details)
    every.append(itself)
    return [
        itself,
        frame.page("GET", "/docs", _show(told, frame), "What can be asked, for people"),
        frame.page("GET", "/docs/try", _try(told), "Go where a filled-in form asks"),
    ]


def _show(told: Callable[[], Json], frame: Frame) -> PageHandler:
    async def show(request: Request) -> Response:
        host = request.header(b"host")
        listed = chapters(told(), f"http://{host}" if host else _HOME)
        return frame.show(request, TEMPLATE, chapters=listed)

    return show


def _try(told: Callable[[], Json]) -> PageHandler:
    async def go(request: Request) -> Response:
        return see_other(asked_address(told(), request.arguments))

    return go
