"""What can be asked of this town over HTTP? An OpenAPI document and a page, both collected from the routes.

A route tells in `details`: `parameters` (name -> schema with description), `body` (schema of its JSON body),
`media` (media types of the body), `example` (of the body), `answers` (status -> description).
"""

import html
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import orjson

from machinami.kit.http import HTML, JSON, Request, Response, Route

_PARAMETER = re.compile(r"\{([a-zA-Z_]+)(?::path)?\}")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #223; }}
h2 {{ margin-top: 2.5rem; border-bottom: 1px solid #ccd; }}
summary {{ cursor: pointer; padding: .3rem 0; }}
summary b {{ display: inline-block; min-width: 4.5rem; color: #046; }}
code {{ font-size: .9rem; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; margin: .5rem 0 1rem 1rem; }}
td {{ padding: .15rem .8rem .15rem 0; vertical-align: top; }}
pre {{ margin: .5rem 0 1rem 1rem; padding: .6rem; background: #f3f5f8; overflow: auto; }}
</style></head><body><h1>{title}</h1>
<p>For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
{sections}</body></html>
"""


def openapi_routes(routes: Iterable[Route], title: str, version: str) -> list[Route]:
    """/openapi.json and /docs for these routes; those without a summary are not told."""
    told = [route for route in routes if route.summary]
    document = orjson.dumps(openapi_document(told, title, version))
    page = docs_page(told, title).encode()

    def tell(_: Request) -> Response:
        return Response(200, document, JSON)

    def show(_: Request) -> Response:
        return Response(200, page, HTML)

    return [
        Route("GET", "/openapi.json", tell, "This interface as an OpenAPI document", "Documentation"),
        Route("GET", "/docs", show, "This interface as a page", "Documentation"),
    ]


def openapi_document(routes: Iterable[Route], title: str, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_PARAMETER.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route)
    return {"openapi": "3.1.0", "info": {"title": title, "version": version}, "paths": paths}


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "tags": [route.tag] if route.tag else [],
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
              for name in _PARAMETER.findall(route.path)),
            *({"name": name, "in": "query", "schema": schema} for name, schema in sorted(_parameters(route).items())),
        ],
        "responses": {
            str(status): {"description": text} for status, text in _mapping(route, "answers").items()
        } or {"200": {"description": "The answer"}},
    }  # fmt: skip
    body = _mapping(route, "body")
    if body:
        content: dict[str, Any] = {"schema": dict(body)}
        if route.details.get("example") is not None:
            content["example"] = route.details["example"]
        media = route.details.get("media")
        kinds = media if isinstance(media, tuple) else ("application/json",)
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(kinds, content)}
    return operation


def docs_page(routes: Iterable[Route], title: str) -> str:
    """The page that lists the routes by their tags, readable without any script."""
    sections = []
    for tag, rows in groupby(sorted(routes, key=lambda route: route.tag), key=lambda route: route.tag):
        sections.append(f"<h2>{html.escape(tag or 'Other')}</h2>\n" + "\n".join(map(_entry, rows)))
    return _PAGE.format(title=html.escape(title), sections="\n".join(sections))


def _entry(route: Route) -> str:
    lines = [
        f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(str(schema.get('description', '')))}</td></tr>"
        for name, schema in sorted(_parameters(route).items())
    ]
    table = f"<table>{''.join(lines)}</table>" if lines else ""
    example = route.details.get("example")
    shown = ""
    if example is not None:
        shown = f"<pre>{html.escape(orjson.dumps(example, option=orjson.OPT_INDENT_2).decode())}</pre>"
    return (
        f"<details><summary><b>{route.method}</b> <code>{html.escape(route.path)}</code> "
        f"{html.escape(route.summary)}</summary>{table}{shown}</details>"
    )


def _parameters(route: Route) -> Mapping[str, Mapping[str, Any]]:
    return _mapping(route, "parameters")


def _mapping(route: Route, name: str) -> Mapping[Any, Any]:
    found = route.details.get(name)
    return found if isinstance(found, Mapping) else {}
