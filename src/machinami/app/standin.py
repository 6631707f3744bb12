"""Who answers when the town's system does not? A process of its own, with Python's library alone, that serves copies.

Started by `serve` with the very socket that the town listens on, it waits; should the town be killed, the connections
that come are its own from then on, and nobody is refused. Started by `machinami copy` it serves a port of its own.
It gives way as soon as the town is started again.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FOLDER, COPIES, TURN, STANDING = "copy", "copies.json", "turn", "standing"
AGE = b"<!--age-->"
_HEAD, _PATIENCE, _MOST, _LOOK = 16_384, 10.0, 512, 0.1
_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_RETRY = 30
_PROGRAMS = ("/ngsi-ld/", "/v2/", "/static/", "/health", "/metrics")
_REASONS = {200: "OK", 304: "Not Modified", 400: "Bad Request", 404: "Not Found", 503: "Service Unavailable"}
BYE = b"bye"


@dataclass(slots=True)
class StandIn:
    """The copies of a folder, and who may read them now. turn: the word of the town for which it stands in; another one
    in the file means that the town has come back."""

    folder: Path
    turn: str = ""
    served: int = 0
    _open: int = 0
    _pages: dict[Path, tuple[int, bytes]] = field(default_factory=dict)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of one connection; who is too slow, or too much, is cut off."""
        self._open += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._open > _MOST:
                    writer.write(_bytes(503, b"", "text/plain"))
                else:
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self.respond(head, time.time()))
                self.served += 1
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass
        finally:
            self._open -= 1
            writer.close()

    def respond(self, head: bytes, now: float) -> bytes:
        """The whole answer to a request's head."""
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _bytes(400, b"", "text/plain")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        target = urlsplit(words[1])
        copies = self._copies()
        language = _language(target.path, target.query, fields.get("cookie", ""))
        said = copies.get("words", {}).get(language, {})
        if words[0] not in ("GET", "HEAD") or target.path.startswith(_PROGRAMS):
            return _bytes(503, str(said.get("closed", "")).encode(), "text/plain; charset=utf-8")
        host = fields.get("host", "").partition(":")[0].lower()
        town = str(copies.get("hosts", {}).get(host, copies.get("default", "")))
        page = self._page(town, language)
        if page is None:
            return _bytes(503, str(said.get("closed", "")).encode(), "text/plain; charset=utf-8")
        body = page.replace(AGE, _age(float(copies["made"]), str(copies.get("zone", "UTC")), said, now))
        return _bytes(200, body, "text/html; charset=utf-8", words[0] == "HEAD")

    def _copies(self) -> dict[str, Any]:
        try:
            told = json.loads(self._read(self.folder / COPIES))
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}

    def _page(self, town: str, language: str) -> bytes | None:
        try:
            return self._read(self.folder / town / f"{language}.html") if town and "/" not in town else None
        except OSError:
            return None

    def _read(self, path: Path) -> bytes:
        """The file, read again when it has been written anew."""
        stamp = path.stat().st_mtime_ns
        found = self._pages.get(path)
        if found is None or found[0] != stamp:
            found = self._pages[path] = (stamp, path.read_bytes())
        return found[1]

    def is_relieved(self) -> bool:
        """Whether the town has come back, or its folder has gone."""
        try:
            return bool(self.turn) and (self.folder / TURN).read_text(encoding="utf-8") != self.turn
        except OSError:
            return True


def _age(made: float, zone: str, said: dict[str, str], now: float) -> bytes:
    minutes = max(int((now - made) // 60), 0)
    try:
        at = f"{datetime.fromtimestamp(made, ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"
    except (ZoneInfoNotFoundError, ValueError):  # a machine without a list of zones
        at = f"{datetime.fromtimestamp(made, UTC):%Y-%m-%d %H:%M %Z}"
    text = said.get("age", "{at} ({minutes} min)").replace("{at}", at).replace("{minutes}", str(minutes))
    return f'<p class="age" role="alert">{escape(text)}</p>'.encode()


def _language(path: str, query: str, cookies: str) -> str:
    asked = parse_qs(query).get("lang", [""])[0] or unquote(path).rpartition("/")[2].removesuffix(".html")
    kept = {name.strip(): value for name, _, value in (one.partition("=") for one in cookies.split(";"))}
    wishes = (asked, kept.get("__Host-lang", ""), kept.get("lang", ""))
    return next((wish for wish in wishes if wish in ("ja", "en", "easy")), "ja")


def _bytes(status: int, body: bytes, media_type: str, head_only: bool = False) -> bytes:
    fields = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        f"content-type: {media_type}",
        f"content-length: {len(body)}",
        "cache-control: no-store",
        "connection: close",
        "x-content-type-options: nosniff",
        f"content-security-policy: {_CSP}",
        *([f"retry-after: {_RETRY}"] if status == 503 else []),
    ]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + (b"" if head_only else body)


def _encryption(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def _bereft(stop: asyncio.Event) -> bool:
    """Wait until the town that started this has ended; whether it was killed, and did not say so."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    said, stopped = asyncio.ensure_future(reader.read()), asyncio.ensure_future(stop.wait())
    await asyncio.wait((said, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    return said.done() and not said.result().startswith(BYE)


async def stand_in(found: StandIn, listener: socket.socket, encryption: ssl.SSLContext | None, waits: bool) -> None:
    """Serve until the town is back (waits), or for good. waits: for the end of who started this, first."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, *(() if waits else (signal.SIGINT,))):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    if waits:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the town, which says when it ends
        if not await _bereft(stop):
            return
        (found.folder / STANDING).write_text(str(os.getpid()), encoding="utf-8")
    server = await asyncio.start_server(found.answer, sock=listener, ssl=encryption, limit=_HEAD)
    try:
        while not stop.is_set() and not found.is_relieved():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK)
    finally:
        server.close()
        listener.close()
        if waits:
            (found.folder / STANDING).unlink(missing_ok=True)


def serve_copies(
    folder: Path, listener: socket.socket, turn: str = "", encryption: ssl.SSLContext | None = None
) -> None:
    """Serve the copies of a folder at a socket that listens. turn: the word of the town that started this and has the
    socket, too; without one nobody is waited for."""
    listener.setblocking(False)
    asyncio.run(stand_in(StandIn(folder, turn), listener, encryption, bool(turn)))


def main() -> int:
    """Stand in for the town that started this."""
    parser = argparse.ArgumentParser(prog="standin")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--descriptor", type=int, required=True)
    parser.add_argument("--turn", required=True)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    told = parser.parse_args()
    listener = socket.socket(fileno=told.descriptor)
    serve_copies(told.folder, listener, told.turn, _encryption(told.certificate, told.key))
    return 0


if __name__ == "__main__":
    sys.exit(main())
