"""Which command is meant? Reads the words, finds the command, and turns errors into one clear line."""

import argparse
import sys
from collections.abc import Sequence

from machinami.cli import (
    admin,
    audit,
    backup,
    bench,
    bundle,
    certificate,
    consent,
    copy,
    demo,
    devices,
    disaster,
    doctor,
    erasure,
    evaluate,
    federate,
    history,
    import_data,
    init,
    migrate,
    new_service,
    notifications,
    policy,
    rehearse,
    release,
    repair,
    restore,
    sealing_key,
    serve,
    standby,
    takeover,
    town,
    upgrade,
)
from machinami.cli.guide import guide, program
from machinami.cli.version import installed_version
from machinami.foundation.errors import MachinamiError

COMMANDS = (
    demo,
    init,
    serve,
    disaster,
    copy,
    admin,
    town,
    backup,
    restore,
    rehearse,
    standby,
    takeover,
    policy,
    consent,
    release,
    audit,
    erasure,
    certificate,
    sealing_key,
    devices,
    notifications,
    doctor,
    repair,
    import_data,
    history,
    federate,
    bundle,
    upgrade,
    migrate,
    evaluate,
    bench,
    new_service,
)


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command."""
    parser = argparse.ArgumentParser(prog=program(), **guide())
    parser.add_argument("--version", action="version", version=f"machinami {installed_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return parser


def enter(words: Sequence[str]) -> int:
    """Run what the words say; the exit code: 0 done, 1 an error that is said in one line, 2 wrong words."""
    parser = build_parser()
    arguments, unknown = parser.parse_known_args(words)
    if unknown:  # said by the whole command line, whose usage names no option of the command
        parser.exit(
            2,
            f"{parser.prog} {arguments.command}: no such option: {' '.join(unknown)}; "
            f"{parser.prog} {arguments.command} --help lists what there is\n",
        )
    try:
        code: int = arguments.run(arguments)
    except MachinamiError as error:
        print(f"machinami {arguments.command}: {error.detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        print(f"machinami {arguments.command}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return code
