"""`machinami notifications`: do they arrive? See, hold, test and replay what a running town tells; and ask why."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from machinami.app.knocking import running
from machinami.cli.guide import guide

_ROOT = "/deliveries"
_DONE = {"hold": "held", "release": "goes on"}


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "notifications", help="do notifications arrive, and why not? / 知らせの届きぐあい", **guide("notifications")
    )
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    acts.add_parser("list", help="how every subscription fares, what fails first / 一覧")
    for name, words in (
        ("show", "one of them, with what was given up / 一つを見る"),
        ("hold", "have it wait, with nothing lost / 止めておく"),
        ("release", "have it go on / 再開する"),
        ("test", "send a notification to test the receiver / 試しに送る"),
        ("replay", "have told again what was given up / 届かなかったものを送り直す"),
        ("forget", "let go of what was given up / 届かなかったものを送らないことにする"),
        ("why", "why was a change told, or not? / なぜ知らせた、なぜ知らせない"),
    ):
        act = acts.add_parser(name, help=words)
        act.add_argument("id", help="of the subscription, as `list` shows it")
    acts.choices["why"].add_argument("entity", help="the id of what changed")
    acts.choices["why"].add_argument("--change", type=int, metavar="N", help="the number of the change in the log")
    for act in acts.choices.values():
        act.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder of the running town")
        act.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
        act.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with running(arguments.data, arguments.town) as town:
        if arguments.act == "list":
            told = (await town.ask("GET", _ROOT))[0]
        else:
            path = f"{_ROOT}/{quote(arguments.id, safe=':')}"
            if arguments.act == "show":
                told = (await town.ask("GET", path))[0]
            elif arguments.act == "forget":
                told = (await town.ask("DELETE", f"{path}/untold"))[0]
            elif arguments.act == "why":
                query = {"entity": arguments.entity}
                query |= {} if arguments.change is None else {"change": str(arguments.change)}
                told = (await town.ask("GET", f"{path}/why", query=query))[0]
            else:
                told = (await town.ask("POST", f"{path}/{arguments.act}"))[0]
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _print(arguments.act, told)
    return 1 if arguments.act == "test" and not told["taken"] else 0


def _print(act: str, told: Any) -> None:
    if act == "list":
        for one in told:
            print(f"{one['state']:8} {one['untoldCount']:>7} untold {one['behind']:>9} behind  {one['id']}")
            print(f"         {one['receiver']}  {one.get('lastFailureReason', '')}")
    elif act == "test":
        print("taken / 届きました" if told["taken"] else f"not taken / 届きません: {told['reason']}")
    elif act == "replay":
        print(f"{told['begun']} to be told / 送り直す件数")
    elif act == "why":
        print(f"{told['says']['ja']} / {told['says']['en']}")
        for one in told["conditions"]:
            print(f"{'○ yes' if one['met'] else '× no '}  {one['says']['ja']}\n       {one['says']['en']}")
    else:
        print(json.dumps(told, ensure_ascii=False, indent=1))
