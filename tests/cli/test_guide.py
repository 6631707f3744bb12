"""Does the help say what can be typed, as whoever reads it would type it?"""

import re
import shlex

import pytest

from machinami.cli.entrance import build_parser, enter
from machinami.cli.guide import GUIDES

EXAMPLES = [
    (command, line)
    for command, text in GUIDES.items()
    for line in re.findall(r"^  \{program\} (.*?)(?:   .*|  [^ ].*)?$", text, re.MULTILINE)
    if "COMMAND" not in line
]


def test_every_command_but_the_one_that_asks_its_service_is_explained(capsys) -> None:
    for command in ("demo", "init", "serve", "import", "federate", "admin", "policy", "audit", "bench", "new-service"):
        with pytest.raises(SystemExit):
            build_parser().parse_args([command, "--help"])
        assert GUIDES[command].splitlines()[0] in capsys.readouterr().out


@pytest.mark.parametrize(("command", "line"), EXAMPLES)
def test_every_example_can_be_typed_as_it_is(command: str, line: str) -> None:
    words = shlex.split(line)
    if "--help" in words:
        with pytest.raises(SystemExit) as shown:
            build_parser().parse_args(words)
        assert shown.value.code == 0
    else:
        assert build_parser().parse_args(words).command == words[0]


def test_help_calls_the_program_as_it_was_called(monkeypatch, capsys) -> None:
    monkeypatch.setenv("MACHINAMI_CALLED_AS", "./machinami")
    with pytest.raises(SystemExit):
        build_parser().parse_args(["serve", "--help"])
    said = capsys.readouterr().out
    assert "usage: ./machinami serve" in said
    assert "  ./machinami serve --data my-town" in said


def test_an_option_that_is_none_leads_to_the_help_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        enter(["demo", "--no-browser"])
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert "demo: no such option: --no-browser" in said
    assert "demo --help lists what there is" in said
