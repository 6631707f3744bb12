"""Can anybody outside write a line into the log, or make a terminal that shows it do something?"""

import json
import logging
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from machinami.app.logbook import LOG, OneLine, tail


@pytest.fixture(name="log")
def log_of_its_own() -> tuple[logging.Logger, StringIO]:
    """A logger, and what it has written."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(OneLine())
    logger = logging.Logger("machinami.test")
    logger.addHandler(handler)
    return logger, written


@pytest.mark.parametrize(
    "said",
    [
        "urn:x:1\n2026-11-21T00:00:00.000Z INFO machinami: all is well",
        "a\r\nb",
        "\x1b[2J\x1b[31mred",
        "\x9b31m",
        "a\u2028b\u2029c\x0bd\x0ce\x85f",
        "\u202egnp.exe",
        "\x00\x07\x08",
        "x" * 10_000,
    ],
)
def test_whatever_is_said_an_event_is_one_line_that_a_terminal_only_shows(
    log: tuple[logging.Logger, StringIO], said: str
) -> None:
    logger, written = log
    logger.warning("the @context %s stays as it was: %s", said, said)
    text = written.getvalue()
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1
    assert text[:-1].isprintable()


def test_a_failure_with_its_traceback_is_one_line_with_its_moment_in_utc(log: tuple[logging.Logger, StringIO]) -> None:
    logger, written = log
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logger.exception("The page %s failed", "/data/\n/x")
    (line,) = written.getvalue().splitlines()
    when, level, name = line.split()[:3]
    assert (when[-1], level, name) == ("Z", "ERROR", "machinami.test:")
    assert "ValueError: two ⏎ lines" in line
    assert r"/data/\n/x" in line


def test_the_log_is_kept_in_the_folder_too_and_as_json_where_that_is_wanted(tmp_path: Path) -> None:
    script = (
        "import logging, sys; from pathlib import Path; from machinami.app.logbook import open_log\n"
        "open_log(logging.INFO, form='json', folder=Path(sys.argv[1]))\n"
        "try:\n    raise ValueError('odd\\nvalue')\n"
        "except ValueError:\n    logging.getLogger('machinami.x').exception('first\\nsecond')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    (line,) = tail(tmp_path / LOG, 10)
    assert done.stderr.splitlines() == [line]
    told = json.loads(line)
    assert (told["level"], told["name"], told["message"]) == ("ERROR", "machinami.x", "first\\nsecond")
    assert "ValueError: odd" in told["error"]
    assert tail(tmp_path / "nothing", 5) == []
