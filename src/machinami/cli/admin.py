"""`machinami admin`: make an administrator of a town, or open the way in anew for one who lost it."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from machinami.app.configuration import read
from machinami.app.console import ADMINISTRATORS
from machinami.app.governing import governed
from machinami.app.running import data_folder
from machinami.cli.guide import guide


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("admin", help="make an administrator / 管理者をつくる", **guide("admin"))
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    for act, text in (
        ("make", "make an administrator / 管理者をつくる"),
        ("reset", "a new way in for one who lost it / 入れなくなった人に新しい入り方を"),
    ):
        one = acts.add_parser(act, help=text)
        one.add_argument(
            "name", metavar="NAME", help="what they sign in with: letters and digits, or an e-mail address"
        )
        one.add_argument("--display", help="the person's name as it is shown")
        one.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
        one.add_argument("--town", help="another town of this installation (NGSILD-Tenant)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Say the link; no password is ever on the command line."""
    invited = asyncio.run(_invite(arguments))
    address = read(arguments.data).address or "http://127.0.0.1:1026"
    print(f"{invited['name']}: このリンクで入れます（1回、24時間） / this link opens once, within 24 hours:")
    print(f"  {invited.get('address') or address}{invited['path']}")
    return 0


async def _invite(arguments: argparse.Namespace) -> dict[str, Any]:
    async with governed(data_folder(arguments.data), arguments.town) as found:
        wanted = {"name": arguments.name, "display": arguments.display}
        told: dict[str, Any] = (await found.ask("POST", ADMINISTRATORS, wanted))[0]
        return told
