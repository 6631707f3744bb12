"""Reads and plays black-box cases: a request as text, and the answer that is expected, without a word of code.

A case file is a row of steps. A step is a request, `>>> METHOD path`, header lines, an empty line and a body, and
its answer, `<<< status`, header lines, an empty line and a body. `#` begins a remark between steps. In an expected
answer `<any>` stands for anything, `<any text>` within a text for any part of it, and `<none>` for a header that is
not there. A JSON body of the answer must be equal; no body at all is written as `<none>`; no word about the body
leaves it open.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

ANY = "<any>"
NONE = "<none>"


@dataclass(slots=True)
class Part:
    """A request or an answer as it stands in a case file."""

    first: str
    line: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One request with its expected answer."""

    request: Part
    answer: Part


def read_case(path: Path) -> list[Step]:
    """The steps of a case file."""
    parts: list[Part] = []
    in_head = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith((">>> ", "<<< ")):
            parts.append(Part(line, number))
            in_head = True
        elif line.startswith("#") or not parts:
            in_head = False
        elif in_head and line.strip():
            name, _, value = line.partition(": ")
            parts[-1].headers.append((name, value))
        elif in_head:
            in_head = False
        else:
            parts[-1].body += line + "\n"
    requests, answers = parts[::2], parts[1::2]
    assert len(requests) == len(answers), f"{path.name}: a request without an answer"
    for request, answer in zip(requests, answers, strict=True):
        assert request.first.startswith(">>> "), f"{path.name}:{request.line}: expected a request"
        assert answer.first.startswith("<<< "), f"{path.name}:{answer.line}: expected an answer"
    return [Step(*pair) for pair in zip(requests, answers, strict=True)]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The values of a header joined, None without any."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)


class Caller:
    """One connection to a server."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._streams is not None:
            self._streams[1].close()

    async def say(self, raw: bytes) -> Answer:
        """Send bytes and read one answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        writer.write(raw)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode("latin-1").strip().split("\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in head[1:])]
        found = Answer(int(head[0].split()[1]), headers, b"")
        body = b""
        if not raw.startswith(b"HEAD"):
            body = await asyncio.wait_for(reader.readexactly(int(found.header("content-length") or 0)), 20)
        if found.header("connection") == "close":
            writer.close()
            self._streams = None
        return Answer(found.status, headers, body)

    async def ask(self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request. body: bytes, or what becomes JSON."""
        raw = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        fields = {"Host": "town.test", **(headers or {})}
        if body is not None:
            fields.setdefault("Content-Type", "application/json")
            fields.setdefault("Content-Length", str(len(raw)))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value != NONE)
        return await self.say(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + raw)


async def play(steps: list[Step], caller: Caller, name: str) -> None:
    """Send each request and compare its answer."""
    for step in steps:
        method, target = step.request.first[4:].split(" ", 1)
        body = step.request.body.strip().encode() or None
        answer = await caller.ask(method, target, body, dict(step.request.headers))
        differences = list(differing(step.answer, answer))
        assert not differences, f"{name}:{step.request.line} {method} {target}\n  " + "\n  ".join(differences)


def differing(expected: Part, answer: Answer) -> Iterator[str]:
    """In what an answer is not the expected one."""
    if answer.status != int(expected.first[4:].split()[0]):
        yield f"status is {answer.status}: {answer.body[:500]!r}"
    for name, value in expected.headers:
        found = answer.header(name)
        if value == NONE and found is not None:
            yield f"{name} is {found!r}, but should not be there"
        elif value != NONE and (found is None or not fits(value, found)):
            yield f"{name} is {found!r}, not {value!r}"
    wanted = expected.body.strip()
    if wanted == NONE:
        if answer.body:
            yield f"there is a body: {answer.body[:500]!r}"
    elif wanted:
        try:
            document = answer.json
        except orjson.JSONDecodeError:
            yield f"the body is no JSON: {answer.body[:500]!r}"
            return
        yield from _differing(orjson.loads(wanted), document, "$")


def _differing(wanted: Any, found: Any, where: str) -> Iterator[str]:
    if wanted == ANY:
        return
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in wanted.keys() | found.keys():
            if name not in found:
                yield f"{where}.{name} is missing"
            elif name not in wanted:
                yield f"{where}.{name} is too much: {found[name]!r}"
            else:
                yield from _differing(wanted[name], found[name], f"{where}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _differing(one, other, f"{where}[{index}]")
    elif isinstance(wanted, str) and isinstance(found, str):
        if not fits(wanted, found):
            yield f"{where} is {found!r}, not {wanted!r}"
    elif wanted != found or type(wanted) is not type(found):
        yield f"{where} is {found!r}, not {wanted!r}"


def fits(pattern: str, text: str) -> bool:
    """Whether a text is what the pattern says, in which `<any text>` stands for any part."""
    parts = re.split(r"<any(?: text)?>", pattern)
    return re.fullmatch(".*".join(map(re.escape, parts)), text, re.DOTALL) is not None
