"""Where is it told what can be asked, and in which names? /openapi.json and the town's @context for programs, /docs for
people."""

from collections.abc import Callable, Iterable
from functools import cache

import orjson

from machinami.apis.reference.view import asked_address, chapters
from machinami.broker.contexts import town_context
from machinami.kit.frame import Frame, PageHandler, see_other
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.openapi import OPERATION, Json, Operation, document
from machinami.model.town_terms import TERMS

TEMPLATE = "machinami.apis.reference/docs.html"
_HOME = "http://127.0.0.1:1026"
CONTEXT, LD_JSON = "/contexts/machinami.jsonld", b"application/ld+json"
_TERMS = {"description": "A JSON-LD @context", "content": {"application/ld+json": {"schema": {"type": "object"}}}}
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
    details = {OPERATION: Operation(answers={200: _TERMS})}
    terms = Route("GET", CONTEXT, _name, "The names that the town uses, as a @context", "Status", details=details)
    every += [itself, terms]
    return [
        itself,
        terms,
        frame.page("GET", "/docs", _show(told, frame), "What can be asked, for people"),
        frame.page("GET", "/docs/try", _try(told), "Go where a filled-in form asks"),
    ]


def _name(_: Request) -> Response:
    return Response(200, _names(), LD_JSON)


@cache
def _names() -> bytes:
    """The town's terms without those that the core defines, which no other @context may define anew (4.4)."""
    context = town_context()
    return orjson.dumps({"@context": {name: iri for name, iri in TERMS.items() if context.expand(name) == iri}})


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
