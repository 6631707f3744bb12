"""`machinami init`: make a folder for a town, with its settings explained."""

import argparse
from pathlib import Path

from machinami.app.configuration import FILE
from machinami.app.first_settings import EXAMPLE
from machinami.app.ground import data_folder
from machinami.cli.guide import guide, program
from machinami.foundation.errors import SettingsError


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("init", help="make a folder for your town / 街のフォルダを作る", **guide("init"))
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to make")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the folder; what is there already is never overwritten."""
    folder: Path = data_folder(arguments.folder)
    file = folder / FILE
    if file.exists():
        raise SettingsError(f"{file} is there already; nothing was changed")
    file.write_text(EXAMPLE, encoding="utf-8")
    print(f"{file}: 設定はここにあります / your settings are here")
    print(f"次に / next:  {program()} serve --data {folder}")
    return 0
