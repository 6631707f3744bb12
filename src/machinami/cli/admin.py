"""`machinami admin`: make an administrator of a town, or open the way in anew for one who lost it."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from machinami.app.configuration import read
from machinami.app.console import ADMINISTRATORS, KEYS
from machinami.app.governing import governed
from machinami.app.ground import data_folder
from machinami.cli.guide import guide
from machinami.model.identity.invitation import RECOGNISED
from machinami.model.identity.key import PROGRAM_ROLES, Use

ROLES = sorted(role.value for role in PROGRAM_ROLES)


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
        one.add_argument(
            "--recognised",
            choices=list(RECOGNISED),
            help="how you made sure that it is they, for one who came in before / 本人をどう確かめたか",
        )
    _add_key(acts)
    _add_revoke(acts)
    parser.set_defaults(run=run)


def _add_key(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    making = acts.add_parser("key", help="a key for a program or a device / プログラムや機器のかぎ")
    making.add_argument("name", metavar="NAME", help="what the key is for, as people will read it")
    making.add_argument("--role", action="append", default=[], help=f"{', '.join(ROLES)}; may be repeated")
    making.add_argument("--use", choices=[Use.KEY, Use.CLIENT, Use.DEVICE], default=Use.KEY, help="how it is shown")
    making.add_argument("--days", type=int, default=365, help="for how long it holds (default: 365)")
    making.add_argument("--scope", action="append", default=[], help="only this: read, write, read:TYPE …")
    making.add_argument("--topic", action="append", default=[], help="a device may publish to this MQTT topic")
    making.add_argument("--address", action="append", default=[], help="only from this address or network")
    making.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    making.add_argument("--town", help="another town of this installation (NGSILD-Tenant)")


def _add_revoke(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    taking = acts.add_parser("revoke", help="take a key away / かぎを取り消す")
    taking.add_argument("key", metavar="ID", help="the id of the key")
    taking.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    taking.add_argument("--town", help="another town of this installation (NGSILD-Tenant)")


def run(arguments: argparse.Namespace) -> int:
    """Say the link, or the key; no password is ever on the command line."""
    if arguments.act == "key":
        return _make_key(arguments)
    if arguments.act == "revoke":
        gone = asyncio.run(_asked(arguments, f"{KEYS}/{arguments.key}", method="DELETE"))
        print(f"取り消しました / revoked: {gone['name']} ({gone['id']})")
        return 0
    wanted = {"name": arguments.name, "display": arguments.display, "recognised": arguments.recognised}
    invited = asyncio.run(_asked(arguments, ADMINISTRATORS, wanted))
    address = read(arguments.data).address or "http://127.0.0.1:1026"
    print(f"{invited['name']}: このリンクで入れます（1回、24時間） / this link opens once, within 24 hours:")
    print(f"  {invited.get('address') or address}{invited['path']}")
    return 0


def _make_key(arguments: argparse.Namespace) -> int:
    wanted = {
        "name": arguments.name,
        "use": arguments.use,
        "roles": arguments.role,
        "days": arguments.days,
        "scopes": arguments.scope or None,
        "addresses": arguments.address,
        "topics": arguments.topic,
    }
    made = asyncio.run(_asked(arguments, KEYS, wanted))
    print(f"{made['name']} ({made['id']}): いちどだけ表示します / shown this once:", file=sys.stderr)
    print(made["secret"])
    return 0


async def _asked(
    arguments: argparse.Namespace, path: str, wanted: dict[str, Any] | None = None, method: str = "POST"
) -> dict[str, Any]:
    async with governed(data_folder(arguments.data), arguments.town) as found:
        told: dict[str, Any] = (await found.ask(method, path, wanted))[0]
        return told
