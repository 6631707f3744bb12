"""`machinami erasure`: have what a town holds about somebody erased, and show the account of it."""

import argparse
import asyncio
import json
from pathlib import Path
from urllib.parse import quote

from machinami.apis.erasure.routes import ERASURES
from machinami.app.governing import governed
from machinami.cli.guide import guide


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "erasure",
        help="erase a person's data, with an account / 本人のデータの消去と報告",
        **guide("erasure"),
    )
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    asking = acts.add_parser("ask", help="erase what there is about a person / 消去する")
    asking.add_argument("person", help="the id of the person")
    asking.add_argument("--proof", required=True, help="how the person showed that it is their will")
    asking.add_argument("--reason", default="", help="why, for the account")
    asking.add_argument("--type", action="append", default=[], metavar="TYPE", help="of this type alone")
    listing = acts.add_parser("list", help="the accounts, the last one first / 報告の一覧")
    listing.add_argument("--person", default="*", help="of one person (default: of all)")
    showing = acts.add_parser("show", help="one account / 報告を見る")
    showing.add_argument("id", help="as `list` shows it")
    for act in acts.choices.values():
        act.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
        act.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with governed(arguments.data, arguments.town) as found:
        if arguments.act == "list":
            told = (await found.ask("GET", ERASURES, query={"subject": arguments.person}))[0]
            for one in told:
                gone = sum(part["entities"] for part in one["erased"])
                print(f"{one['id']}  {one['at']}  {gone}  {', '.join(one['people'])}  {one['digest'][:16]}")
            return 0
        if arguments.act == "show":
            told = await found.ask("GET", f"{ERASURES}/{quote(arguments.id, safe=':')}")
        else:
            said = {"subject": arguments.person, "proof": arguments.proof, "reason": arguments.reason}
            told = await found.ask("POST", ERASURES, {**said, "types": arguments.type})
        print(json.dumps(told[0], ensure_ascii=False, indent=1))
    return 0
