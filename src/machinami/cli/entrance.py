"""Which command is meant? Reads the words, finds the command, and turns errors into one clear line."""

import argparse
import sys
from collections.abc import Sequence

from machinami.cli import admin, bench, demo, evaluate, federate, import_data, init, new_service, serve
from machinami.cli.version import installed_version
from machinami.foundation.errors import MachinamiError

COMMANDS = (demo, init, serve, admin, import_data, federate, evaluate, bench, new_service)

_INTRODUCTION = """\
Machinami (街並み): the city OS that a small town can run.

  machinami demo                     see a simulated town at work (nothing to install, nothing to fill in)
  machinami init my-town             make a folder for your own town
  machinami serve --data my-town     run it

小さな街が自分で動かせる都市 OS です。まず machinami demo をどうぞ。"""


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command."""
    parser = argparse.ArgumentParser(
        prog="machinami", description=_INTRODUCTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"machinami {installed_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return parser


def enter(words: Sequence[str]) -> int:
    """Run what the words say; the exit code: 0 done, 1 an error that is said in one line, 2 wrong words."""
    arguments = build_parser().parse_args(words)
    try:
        code: int = arguments.run(arguments)
    except MachinamiError as error:
        print(f"machinami {arguments.command}: {error.detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    return code
