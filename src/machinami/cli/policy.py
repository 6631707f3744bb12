"""`machinami policy`: who may do what in a town, why, and how that is changed."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from machinami.app.governing import Governed, expanded, governed, short
from machinami.app.towns.console import CONSOLE
from machinami.broker import policy_rows
from machinami.broker.policy_rows import Reason
from machinami.cli.guide import guide
from machinami.foundation.errors import InputError
from machinami.model.policy_document import read_row, sentence, write_row


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
    _add_allow(acts)
    taking = acts.add_parser("withdraw", help="take a row away / 行を取り消す")
    taking.add_argument("row", metavar="ROW")
    marking = acts.add_parser("personal", help="say which types and attributes are personal / 個人情報を決める")
    marking.add_argument("names", metavar="NAME", nargs="*")
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
                _list(found, arguments.json)
            case "explain":
                reasons = found.explain(arguments.who, arguments.what, arguments.attribute)
                _tell(found, arguments, reasons)
            case "allow":
                row = read_row(_document(arguments), expanded)
                await policy_rows.allow(found.town, row, CONSOLE)
                print(f"加えました / allowed: {sentence(row, short)}")
            case "withdraw":
                gone = await policy_rows.withdraw(found.town, arguments.row, CONSOLE)
                print(f"取り消しました / withdrawn: {sentence(gone, short)}")
                print(f"  back again: {json.dumps(write_row(gone), ensure_ascii=False)}")
            case _:
                await policy_rows.mark_personal(found.town, map(expanded, arguments.names), CONSOLE)
                print(f"個人情報 / personal: {', '.join(arguments.names) or '-'}")


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


def _list(found: Governed, as_json: bool) -> None:
    rows = found.rows()
    if as_json:
        print(json.dumps([write_row(row) for row in rows], ensure_ascii=False, indent=1))
        return
    if found.town.policy.is_open:
        print("この街は開いています。守ると次の行で始まります / This town is open; protected, it would begin with:")
    for row in rows:
        note = f"   ({row.note})" if row.note else ""
        print(f"{row.id:22} {sentence(row, short)}{note}")


def _tell(found: Governed, arguments: argparse.Namespace, reasons: list[Reason]) -> None:
    if found.town.policy.is_open:
        print("この街はだれにでも開いています。守ると / This town is open to everyone; protected:")
    what = arguments.what + (f" {arguments.attribute}" if arguments.attribute else "")
    for reason in reasons:
        if reason.row is not None:
            print(f"○ {arguments.who} may {reason.deed} {what}: {reason.row.id}: {sentence(reason.row, short)}")
            continue
        print(f"× {arguments.who} may not {reason.deed} {what}: no row allows it / 許す行がありません")
        for row, lack in reason.lacking:
            print(f"    {row.id}: {lack}")
