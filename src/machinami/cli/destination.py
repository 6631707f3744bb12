"""By which options does a command that brings something into a town say which town, stopped or running?"""

import argparse
from pathlib import Path

from machinami.cli.key_options import add_key_options, add_trust_option
from machinami.foundation.errors import SettingsError


def add_destination(parser: argparse.ArgumentParser) -> None:
    """Add the options: the folder of a stopped town or the address of a running one, which of several, or none at all;
    whom to trust and whose key to show."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, metavar="DIR", help="the folder of a town that is not running")
    where.add_argument("--to", metavar="URL", help="the address of a running town")
    parser.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be brought in, and write nothing")
    add_trust_option(parser)
    add_key_options(parser)


def demand_destination(arguments: argparse.Namespace) -> None:
    """Raise SettingsError where none is said."""
    if arguments.data is None and arguments.to is None and not arguments.dry_run:
        raise SettingsError(
            "say where to: --data DIR (a town that is not running), --to URL (a running one) or --dry-run"
        )


def told(count: int, arguments: argparse.Namespace) -> str:
    """How many entities went where, in a line."""
    return f"{count} entities {'sent 送信' if arguments.to else 'written 書き込み'}"
