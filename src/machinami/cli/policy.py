"""`machinami policy`: who may do what in a town, why, and how that is changed."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from machinami.apis.governance.policy_api import POLICY, ROWS
from machinami.app.governing import governed
from machinami.cli.guide import guide
from machinami.foundation.errors import InputError

_ASKED = ("who", "what", "attribute", "scope", "location")
_NAMED = 3  # kinds that a remark names; a row of a new town is about seventy that are still to come


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "policy",
        help="who may do what / だれが何をしてよいか",
        **guide("policy"),
    )
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="every row, as a sentence / すべての行")
    listing.add_argument("--json", action="store_true", help="print JSON")
    why = acts.add_parser("explain", help="why somebody may, or may not / なぜ許され、許されないか")
    why.add_argument("who", metavar="WHO")
    why.add_argument("what", metavar="WHAT", help="a type, or the id of an entity")
    why.add_argument("attribute", metavar="ATTRIBUTE", nargs="?")
    why.add_argument("--scope", help="within this scope / このスコープで")
    why.add_argument("--location", metavar="LON,LAT", help="at this place, or a GeoJSON geometry / この場所で")
    _add_allow(acts)
    taking = acts.add_parser("withdraw", help="take a row away / 行を取り消す")
    taking.add_argument("row", metavar="ROW")
    for act in acts.choices.values():
        act.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
        act.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    parser.set_defaults(run=run)


def _add_allow(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    allowing = acts.add_parser("allow", help="add a row / 行を加える")
    allowing.add_argument("row", metavar="ROW", help="a name for the row")
    allowing.add_argument("who", metavar="WHO")
    allowing.add_argument(
        "deeds", metavar="DEED", nargs="+", help="read create change delete write subscribe administer"
    )
    for name, words in (
        ("type", "only this type"),
        ("attribute", "only this attribute"),
        ("scope", "only within this"),
    ):
        allowing.add_argument(f"--{name}", action="append", default=[], help=f"{words}; may be repeated")
    allowing.add_argument("--area", type=Path, metavar="FILE", help="only inside this GeoJSON geometry")
    allowing.add_argument("--purpose", default="", help="only for this purpose")
    allowing.add_argument("--ial", type=int, default=0, help="how surely it must be known who they are (0 to 3)")
    allowing.add_argument("--aal", type=int, default=0, help="how surely they must have signed in (0 to 3)")
    allowing.add_argument("--note", default="", help="why")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    asyncio.run(_run(arguments))
    return 0


async def _run(arguments: argparse.Namespace) -> None:
    async with governed(arguments.data, arguments.town) as found:
        match arguments.act:
            case "list":
                _list((await found.ask("GET", POLICY))[0], arguments.json)
            case "explain":
                asked = {name: getattr(arguments, name) or "" for name in _ASKED}
                _tell(arguments, (await found.ask("GET", f"{POLICY}/explanation", query=asked))[0])
            case "allow":
                told = (await found.ask("POST", ROWS, _document(arguments)))[0]
                print(f"加えました / allowed: {told['sentence']}")
                for remark in _remarks(told):
                    print(f"  ! {remark}")
            case _:
                gone = (await found.ask("DELETE", f"{ROWS}/{quote(arguments.row, safe='')}"))[0]
                print(f"取り消しました / withdrawn: {gone['sentence']}")
                print(f"  back again: {json.dumps(gone['row'], ensure_ascii=False)}")


def _document(arguments: argparse.Namespace) -> dict[str, Any]:
    document = {
        "id": arguments.row,
        "who": arguments.who,
        "deeds": arguments.deeds,
        "types": arguments.type,
        "attributes": arguments.attribute,
        "scopes": arguments.scope,
        "purpose": arguments.purpose,
        "identityAssurance": arguments.ial,
        "authenticationAssurance": arguments.aal,
        "note": arguments.note,
    }
    if arguments.area is None:
        return document
    try:
        return {**document, "area": json.loads(arguments.area.read_text(encoding="utf-8"))}
    except (OSError, ValueError) as error:
        raise InputError(f"{arguments.area} cannot be read as GeoJSON: {error}") from error


def _list(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps([one["row"] for one in told["rows"]], ensure_ascii=False, indent=1))
        return
    if not told["protected"]:
        print("この街は開いています。守ると次の行で始まります / This town is open; protected, it would begin with:")
    for one in told["rows"]:
        note = f"   ({one['row']['note']})" if one["row"].get("note") else ""
        print(f"{one['row']['id']:22} {one['sentence']}{note}")
        for remark in _remarks(one):
            print(f"{'':22} ! {remark}")


def _remarks(told: dict[str, Any]) -> list[str]:
    """What is odd about a row, in sentences."""
    odd = told.get("remarks", {})
    found = [f"{odd['repeats']} がすでに許しています / {odd['repeats']} says so already"] if "repeats" in odd else []
    if odd.get("reachesNobody"):
        found.append("だれにも当てはまりません / there is nobody for whom this is")
    if odd.get("nothingThere"):
        first, more = odd["nothingThere"][:_NAMED], odd["nothingThere"][_NAMED:]
        names = ", ".join(first) + (f" … (+{len(more)})" if more else "")
        found.append(f"{names} はまだありません / there is no {names} here yet")
    return found


def _tell(arguments: argparse.Namespace, told: dict[str, Any]) -> None:
    if not told["protected"]:
        print("この街はだれにでも開いています。守ると / This town is open to everyone; protected:")
    what = arguments.what + (f" {arguments.attribute}" if arguments.attribute else "")
    for one in told["unknown"]:
        near = f"; 近い名前 / near: {', '.join(one['near'])}" if one["near"] else ""
        print(f"! 「{one['name']}」はここにありません / nothing here is called {one['name']}{near}")
    if told["personal"]:
        names = ", ".join(told["personal"])
        print(f"! 個人情報 / personal: {names}: only with consent or on a recorded ground, whatever rows allow")
    for reason in told["reasons"]:
        if reason["allowed"]:
            within = f" — {reason['within']}" if "within" in reason else ""
            print(f"○ {arguments.who} may {reason['deed']} {what}: {reason['row']}: {reason['sentence']}{within}")
            continue
        print(f"× {arguments.who} may not {reason['deed']} {what}: no row allows it / 許す行がありません")
        lacking: dict[str, list[str]] = {}
        for one in reason.get("lacking", ()):
            lacking.setdefault(one["sentence"], []).append(one["row"])
        for sentence, rows in lacking.items():
            print(f"    {sentence}: {', '.join(rows)}")
