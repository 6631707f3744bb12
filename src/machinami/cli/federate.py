"""`machinami federate`: let a running town ask its neighbours, see which it knows, or let one go."""

import argparse
import asyncio

from machinami.app.neighbours import Neighbour, Place, forget, introduce, introducing, known
from machinami.cli.guide import guide, program
from machinami.cli.key_options import add_key_options, add_trust_option, pass_of

_THEIRS, _VARIABLE = "neighbour-key", "MACHINAMI_NEIGHBOUR_KEY"


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "federate", help="ask neighbouring towns, too / 隣の街にもたずねる", **guide("federate")
    )
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    adding = acts.add_parser("add", help="introduce a neighbour / 隣の街を紹介する")
    adding.add_argument("url", metavar="URL", help="where the neighbour's broker is, such as http://127.0.0.1:1027")
    adding.add_argument("--name", help="what the neighbour is called (default: its address)")
    adding.add_argument("--type", action="append", default=[], metavar="TYPE", help="only this type; may be repeated")
    adding.add_argument("--tenant", help="the town of the neighbour that is meant (NGSILD-Tenant)")
    adding.add_argument("--onward", action="store_true", help="also what the neighbour knows from its own neighbours")
    acts.add_parser("list", help="say which neighbours the town knows / 知っている街の一覧")
    removing = acts.add_parser("remove", help="let a neighbour go / 隣の街とのつながりを外す")
    removing.add_argument("which", metavar="NEIGHBOUR", help="its name, address or id")
    for act in (adding, acts.choices["list"], removing):
        act.add_argument("--town", default="http://127.0.0.1:1026", metavar="URL", help="the running town")
        add_trust_option(act)
        add_key_options(act)
    add_key_options(adding, _THEIRS, _VARIABLE, "the neighbour, which the town shows when it asks there")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked, and say what came of it."""
    asyncio.run(_run(arguments))
    return 0


async def _run(arguments: argparse.Namespace) -> None:
    shown = pass_of(arguments)
    async with introducing(shown) as session:
        town = Place(session, arguments.town, shown=shown)
        if arguments.act == "add":
            other = Place(session, arguments.url, arguments.tenant, pass_of(arguments, _THEIRS, _VARIABLE))
            found = await introduce(town, other, arguments.name, arguments.type, arguments.tenant, arguments.onward)
            print(f"つながりました / introduced: {_line(found)}")
        elif arguments.act == "remove":
            print(f"外しました / let go: {_line(await forget(town, arguments.which))}")
        else:
            every = await known(town)
            for found in every:
                print(_line(found))
            if not every:
                print("隣の街はまだありません / no neighbours yet: ", program(), "federate add URL")


def _line(found: Neighbour) -> str:
    status = f"  [{found.status}]" if found.status else ""
    return f"{found.name}  {found.url}  {', '.join(found.types) or '*'}{status}"
