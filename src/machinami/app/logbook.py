"""How is an event written into the log? On one line, whatever was said: nobody outside can make a line of their own."""

import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BROKEN = " ⏎ "  # between the lines of what had several


class OneLine(logging.Formatter):
    """When (UTC), how grave, from where, what. Control characters are escapes, a traceback stands on the same line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of an event."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = [record.getMessage()]
        if record.exc_info:
            said += self.formatException(record.exc_info).splitlines()
        if record.stack_info:
            said += record.stack_info.splitlines()
        return f"{at} {record.levelname} {record.name}: {_BROKEN.join(map(plain, said))}"


def plain(text: str) -> str:
    """The text without anything that a terminal obeys, or that ends a line."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def open_log(level: int, stream: TextIO | None = None) -> None:
    """Write what is logged from here on to the stream, by default to stderr."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level, handlers=[handler])
