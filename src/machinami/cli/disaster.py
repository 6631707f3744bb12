"""`machinami disaster`: put a town into its disaster mode, into a drill of it, or back into every day."""

import argparse
import asyncio
import getpass
from pathlib import Path
from zoneinfo import ZoneInfo

from machinami.apis.disaster.routes import MODE
from machinami.app.configuration import read
from machinami.app.governing import governed
from machinami.cli.guide import guide, program
from machinami.foundation.errors import InputError
from machinami.foundation.instant import parse_instant
from machinami.model.vocabulary.disaster import MODES

_WORDS = {
    "off": "ふだんの表示です / every day",
    "on": "災害モードです / the disaster mode is on",
    "drill": "訓練中です / a drill is on",
}


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "disaster", help="light pages in a disaster, or a drill / 災害モード", **guide("disaster")
    )
    parser.add_argument("state", choices=[*MODES, "show"], metavar="on|drill|off|show", help="what it shall be")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    parser.add_argument("--reason", default="", help="why; it is recorded (needed, but for show)")
    parser.add_argument("--who", default="", help="who decides (default: the user of this machine)")
    parser.add_argument("--role", default="console", help="as what (default: console)")
    parser.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Turn the mode, or say how it stands."""
    told = asyncio.run(_run(arguments))
    print(_WORDS[str(told["state"])])
    if told.get("reason"):
        zone = ZoneInfo(read(arguments.data).time_zone)
        since = parse_instant(str(told["since"])).astimezone(zone)
        print(f"  {since:%Y-%m-%d %H:%M %Z}  {told['role']} {told['who']}: {told['reason']}")
    return 0


async def _run(arguments: argparse.Namespace) -> dict[str, object]:
    async with governed(arguments.data, arguments.town) as found:
        if arguments.state == "show":
            told = await found.ask("GET", MODE)
        else:
            if not arguments.reason.strip():
                raise InputError(
                    f"なぜ切りかえるかを書いてください（記録されます）： / Say why, it is recorded: "
                    f'{program()} disaster {arguments.state} --reason "…" --data {arguments.data}'
                )
            who = arguments.who or getpass.getuser()
            body = {"state": arguments.state, "reason": arguments.reason, "who": who, "role": arguments.role}
            told = await found.ask("POST", MODE, body)
        return dict(told[0])
