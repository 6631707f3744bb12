"""How does an OpenAPI document become a page for people, and a filled-in form the address that it asks for?"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.openapi import Json
from machinami.model.town_terms import URL

_LETTERS = ":@!$&'()*+,;=-._~"
_PART = re.compile(r"\{(\w+)\}")
LINK = f'Link: <{URL}>; rel="http://www.w3.org/ns/json-ld#context"'
"""The header by which short names are those of the town; without it, RiverGauge is the type of nobody's gauges."""
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. choices: the only values that it can have; field: its name in the form."""

    name: str
    place: str
    kind: str
    description: str
    required: bool
    choices: Sequence[str]
    example: str
    field: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation. key: its anchor and its name in the form; media: what the body can be."""

    key: str
    method: str
    path: str
    summary: str
    parameters: Sequence[Parameter]
    media: Sequence[str]
    answers: Sequence[tuple[str, str]]
    curl: str
    tryable: bool


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations of one tag."""

    tag: str
    key: str
    entries: Sequence[Entry]


def chapters(document: Json, origin: str) -> list[Chapter]:
    """The document by its tags. origin: where the examples ask, such as http://127.0.0.1:1026."""
    found: dict[str, list[Entry]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found[operation["tags"][0]].append(_entry(method.upper(), path, operation, origin))
    return [Chapter(tag, _key(tag), entries) for tag, entries in found.items()]


def _entry(method: str, path: str, operation: Json, origin: str) -> Entry:
    content: Json = operation.get("requestBody", {}).get("content", {})
    return Entry(
        key=_key(f"{method} {path}"),
        method=method,
        path=path,
        summary=operation["summary"],
        parameters=[_parameter(row) for row in operation["parameters"]],
        media=list(content),
        answers=[(status, answer["description"]) for status, answer in operation["responses"].items()],
        curl=curl(method, path, operation, origin),
        tryable=method == "GET",
    )


def _parameter(row: Json) -> Parameter:
    schema: Json = row["schema"]
    items: Json = schema.get("items", {})
    choices = ["true", "false"] if schema.get("type") == "boolean" else [str(word) for word in schema.get("enum", ())]
    kind = schema.get("format") or schema.get("type") or ("text" if "enum" in schema else "anything")
    return Parameter(
        name=row["name"],
        place=row["in"],
        kind="list" if kind == "array" else kind,
        description=row.get("description", ""),
        required=row.get("required", False),
        choices=choices if not items else (),
        example=_written(row.get("example")),
        field=f"{row['in']}.{row['name']}",
    )


def _written(value: Any) -> str:
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def curl(method: str, path: str, operation: Json, origin: str) -> str:
    """An example of a request, for a shell."""
    known = {row["name"]: _written(row.get("example")) for row in operation["parameters"] if row["in"] == "path"}
    target = origin + _PART.sub(lambda part: known.get(part[1]) or part[1].upper(), path)
    words = [*(["curl"] if method == "GET" else ["curl", "-X", method]), target]
    if any(row["in"] == "header" and row["name"] == "Link" for row in operation["parameters"]):
        words += ["-H", LINK]
    body = operation.get("requestBody")
    if body is None:
        return shlex.join(words)
    form = body["content"].get("application/x-www-form-urlencoded")
    if form is not None:
        fields = (f"-d {name}={text}" for name, text in form.get("example", {}).items())
        return " ".join([shlex.join(words), *fields])
    example = json.dumps(body["content"]["application/json"].get("example", {}), ensure_ascii=False)
    return f"{shlex.join([*words, '-H', 'Content-Type: application/json'])} \\\n  -d {shlex.quote(example)}"


def asked_address(document: Json, form: Mapping[str, str]) -> str:
    """The address that a filled-in form asks for. Empty fields are left out.

    form: `operation`, the key of a GET, and a field for each parameter. Raises NotFound, BadRequestData.
    """
    path, operation = _named(document, form.get("operation", ""))
    filled = {name: text for name, text in form.items() if text}
    parameters = [_parameter(row) for row in operation["parameters"]]
    for parameter in parameters:
        if parameter.required and parameter.field not in filled:
            raise BadRequestData(f"{parameter.name} is part of the path; fill it in", parameter=parameter.name)
    target = _PART.sub(lambda part: quote(filled[f"path.{part[1]}"], safe=_LETTERS), path)
    query = {p.name: filled[p.field] for p in parameters if p.place == "query" and p.field in filled}
    return f"{target}?{urlencode(query)}" if query else target


def _named(document: Json, key: str) -> tuple[str, Json]:
    for path, operations in document["paths"].items():
        if "get" in operations and _key(f"GET {path}") == key:
            return path, operations["get"]
    raise NotFound(f"There is no operation {key[:100]!r} that could be tried here; choose one at /docs")


def _key(text: str) -> str:
    return _NOT_WORD.sub("-", text.lower()).strip("-")
