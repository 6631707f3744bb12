"""`machinami devices`: which devices does the town know, and how does a broker that cannot ask come to know them?"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from machinami.app.console import DEVICES
from machinami.app.governing import governed
from machinami.app.mosquitto import PASSWORDS, RIGHTS, Guest, tell, write_out
from machinami.cli.guide import guide


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("devices", help="devices of the town / 街の機器", **guide("devices"))
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="which devices the town knows / 機器の一覧")
    exporting = acts.add_parser("export", help="write their keys for a broker / ブローカーに渡す")
    exporting.add_argument("broker", choices=["mosquitto"])
    exporting.add_argument("folder", type=Path, metavar="FOLDER", help="where the files of the broker are to be")
    exporting.add_argument("--pid-file", type=Path, metavar="FILE", help="have the broker read them (SIGHUP)")
    for act in (listing, exporting):
        act.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
        act.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Say or write which devices there are."""
    found = asyncio.run(_devices(arguments))
    if arguments.act == "list":
        for row in found:
            print(f"{row['id']}  {row['name']}  {', '.join(row['topics'])}  {row['until'] or ''}")
        return 0
    guests = [Guest(row["id"], row["mqtt"], tuple(row["topics"])) for row in found]
    changed = write_out(arguments.folder, guests, arguments.data)
    if changed and arguments.pid_file is not None:
        tell(arguments.pid_file)
    print(f"{len(guests)} devices  {arguments.folder / PASSWORDS}  {arguments.folder / RIGHTS}")
    for row in found:
        if not row["mqtt"]:
            print(f"· {row['name']} ({row['id']}): かぎを新しくしてください / its key is older than this; rotate it")
    return 0


async def _devices(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    async with governed(arguments.data, arguments.town) as town:
        found: list[dict[str, Any]] = (await town.ask("GET", DEVICES))[0]
        return found
