"""How is an event written into the log? On one line, whatever was said: nobody outside can make a line of their own."""

import json
import logging
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from machinami.foundation.settings import JSON_LINES, LINES
from machinami.kit.tracing import SPAN

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LOG = Path("log", "machinami.log")
_SIZE, _FILES = 1_000_000, 3
_BROKEN = " ⏎ "  # between the lines of what had several


class OneLine(logging.Formatter):
    """When (UTC), how grave, from where, what. Control characters are escapes, a traceback stands on the same line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of an event."""
        said = [record.getMessage()]
        if record.exc_info:
            said += self.formatException(record.exc_info).splitlines()
        if record.stack_info:
            said += record.stack_info.splitlines()
        return f"{_at(record)} {record.levelname} {record.name}: {_BROKEN.join(map(plain, said))}"


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(text: str) -> str:
    """The text without anything that a terminal obeys, or that ends a line."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class JsonLine(logging.Formatter):
    """The same as a JSON object: at, level, name, message, error with its traceback, and its trace."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of an event."""
        said: dict[str, str] = {
            "at": _at(record),
            "level": record.levelname,
            "name": record.name,
            "message": plain(record.getMessage()),
        }
        if record.exc_info:
            said["error"] = plain(_BROKEN.join(self.formatException(record.exc_info).splitlines()))
        span = SPAN.get()
        if span is not None:
            said["trace"], said["span"] = span.trace, span.id
        return json.dumps(said, ensure_ascii=False)


def open_log(level: int, stream: TextIO | None = None, form: str = LINES, folder: Path | None = None) -> None:
    """Write what is logged from here on to the stream, by default to stderr; and, where a folder is named, to a
    few files of bounded size there, of which `tail` reads the end."""
    handlers: list[logging.Handler] = [logging.StreamHandler(stream or sys.stderr)]
    if folder is not None:
        with suppress(OSError):  # on a disk that cannot be written to the town says the rest on stderr
            (folder / LOG).parent.mkdir(mode=0o700, exist_ok=True)
            handlers.append(
                RotatingFileHandler(folder / LOG, maxBytes=_SIZE, backupCount=_FILES, encoding="utf-8", delay=True)
            )
    for handler in handlers:
        handler.setFormatter(JsonLine() if form == JSON_LINES else OneLine())
    logging.basicConfig(level=level, handlers=handlers)


def tail(file: Path, lines: int) -> list[str]:
    """The last lines of a log; none where there is none."""
    found: list[str] = []
    for one in (file, file.with_name(f"{file.name}.1")):
        try:
            found = one.read_text(encoding="utf-8", errors="replace").splitlines() + found
        except OSError:
            continue
        if len(found) >= lines:
            break
    return found[-lines:]
