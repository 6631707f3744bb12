"""What can be asked of this town? An OpenAPI 3.1 document, collected from the routes themselves.

A route says in `details["operation"]` what it takes and gives; one that says nothing is listed with what its
path tells. Pages for people are left out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from machinami.kit.http import Route

Json = dict[str, Any]
PAGES = "Pages"
OPERATION = "operation"
PROBLEM = "Problem"
_PART = re.compile(r"\{(\w+)(?::path)?\}")
_WORD = re.compile(r"[A-Za-z0-9]+")

PROBLEM_SCHEMA: Json = {
    "type": "object",
    "description": "What went wrong (RFC 7807). Further members tell the facts of the case.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The kind of error; see docs/errors.md"},
        "title": {"type": "string", "description": "The kind of error in words"},
        "status": {"type": "integer", "description": "The status of the answer"},
        "detail": {"type": "string", "description": "What is wrong, where, and how to mend it"},
    },
}
_REASONS: Mapping[int, str] = {
    400: "The request cannot be understood",
    401: "Say who you are, or sign in more surely",
    403: "This is not allowed, or too much is asked for",
    404: "There is no such thing, or no such town",
    406: "None of the media types that are asked for can be given",
    408: "The request did not come to its end in time",
    409: "It exists already, or does not fit the present state",
    411: "The length of the body is not said",
    413: "The body is too large",
    415: "The media type of the body is not understood",
    422: "This operation is not supported here",
    503: "The town is busy; try again after the seconds of Retry-After",
    504: "The @context cannot be had",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What one route takes and gives, in the words of OpenAPI.

    parameters: of the query and the header. paths: what is said of each parameter of the path. body: a request
    body. answers: status -> response. problems: the statuses of refusals. schemas: what the others refer to.
    """

    parameters: Sequence[Json] = ()
    paths: Mapping[str, Json] = field(default_factory=dict)
    body: Json | None = None
    answers: Mapping[int, Json] = field(default_factory=dict)
    problems: Sequence[int] = ()
    schemas: Mapping[str, Json] = field(default_factory=dict)


def document(routes: Iterable[Route], version: str) -> Json:
    """The OpenAPI document of the routes, pages left out."""
    paths: dict[str, Json] = {}
    schemas: dict[str, Json] = {PROBLEM: PROBLEM_SCHEMA}
    tags: dict[str, None] = {}
    for route in routes:
        if route.tag == PAGES or not route.tag:
            continue
        told = route.details.get(OPERATION)
        operation = told if isinstance(told, Operation) else Operation()
        schemas.update(operation.schemas)
        tags[route.tag] = None
        paths.setdefault(_PART.sub(r"{\1}", route.path), {})[route.method.lower()] = describe(route, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Machinami",
            "version": version,
            "summary": "What can be asked of this town",
            "description": "Collected from the routes themselves. Entities are as ETSI GS CIM 009 (NGSI-LD) says.",
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def describe(route: Route, operation: Operation) -> Json:
    """One operation object."""
    told: Json = {
        "operationId": operation_id(route.summary or f"{route.method} {route.path}"),
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [*path_parameters(route.path, operation.paths), *operation.parameters],
    }
    if operation.body is not None:
        told["requestBody"] = operation.body
    answers = operation.answers or {200: {"description": "The answer"}}
    told["responses"] = {str(status): answer for status, answer in sorted(answers.items())}
    told["responses"] |= {str(status): refusal(status) for status in operation.problems}
    return told


def operation_id(summary: str) -> str:
    """A summary as one word: `Retrieve an entity` becomes `retrieveAnEntity`."""
    first, *rest = _WORD.findall(summary)
    return str(first).lower() + "".join(word[0].upper() + word[1:] for word in rest)


def path_parameters(path: str, known: Mapping[str, Json]) -> list[Json]:
    """The parameters that stand in a path."""
    return [
        {"name": name, "in": "path", "required": True, **(known.get(name) or {"schema": {"type": "string"}})}
        for name in _PART.findall(path)
    ]


def query_parameter(name: str, description: str, schema: Json, example: Any = None) -> Json:
    """A parameter of the query; a list is written with commas."""
    told: Json = {"name": name, "in": "query", "description": description, "schema": schema}
    if schema.get("type") == "array":
        told |= {"style": "form", "explode": False}
    return told if example is None else {**told, "example": example}


def reference(name: str) -> Json:
    """A reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def refusal(status: int) -> Json:
    """The response of a refusal: problem details."""
    told: Json = {"description": _REASONS[status], "content": {"application/json": {"schema": reference(PROBLEM)}}}
    if status == 503:
        told["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait"}}
    return told
