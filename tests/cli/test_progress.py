"""Does a long work show how far it is, to those who watch?"""

import io
import sys

import pytest

from machinami.cli.progress import progress_bar


class Screen(io.StringIO):
    """A terminal that remembers what was drawn."""

    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_until_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    tell = progress_bar("writing")
    tell(1, 4)
    tell(4, 4)

    first, last = screen.getvalue().lstrip("\r").split("\r")
    assert "writing 1/4" in first
    assert "s left" in first
    assert last.startswith("[" + "█" * 30 + "] writing 4/4")
    assert last.endswith("\n")


def test_nothing_is_drawn_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    progress_bar("writing")(4, 4)
    assert capsys.readouterr().err == ""
