"""`machinami audit`: what was done in a town, by whom, and has the account of it been tampered with? And
which known weaknesses have the parts of what runs here?"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from machinami.apis.governance.audit_api import AUDIT
from machinami.app.clock import utc_now
from machinami.app.governing import Governed, governed
from machinami.app.parts import installed, read_advisories
from machinami.cli.guide import guide
from machinami.foundation.errors import InputError
from machinami.model.audit import Head, faults, read_head
from machinami.model.weakness import weaknesses

_PAGE = 1_000


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "audit",
        help="who did what / だれが何をしたか",
        **guide("audit"),
    )
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    verifying = acts.add_parser("verify", help="find tampering / 改ざんを見つける")
    verifying.add_argument("--head", help="the head that was kept apart: the record must go on from it")
    verifying.add_argument("--file", type=Path, metavar="FILE", help="an exported record instead of a town's")
    searching = acts.add_parser("search", help="find entries / 記録をさがす")
    for name, words in (
        ("who", "the id of who did it, or for whom"),
        ("what", "an entity, a type or an attribute"),
        ("did", "read create change delete subscribe administer"),
        ("since", "a moment such as 2026-07-01T00:00:00Z"),
        ("until", "a moment"),
        ("purpose", "what the data were wanted for"),
    ):
        searching.add_argument(f"--{name}", default="", help=words)
    searching.add_argument("--refused", action="store_true", help="what was refused only")
    searching.add_argument("--limit", type=int, default=100, metavar="N", help="the last N (default: 100)")
    acts.add_parser("export", help="the whole record as JSON lines / すべてを書き出す")
    acts.add_parser("head", help="number and digest of the last batch, to be kept apart / 末尾の値")
    for act in acts.choices.values():
        act.add_argument("--data", type=Path, metavar="DIR", help="the folder that holds the town")
        act.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    holding = acts.add_parser("parts", help="known weaknesses of what is installed / 部品の既知の弱点")
    words = "a file or folder of advisories in the OSV form"
    holding.add_argument("--advisories", type=Path, metavar="PATH", required=True, help=words)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 1 where tampering was found, or a part should have been renewed by now."""
    if arguments.act == "parts":
        return _hold_parts(arguments.advisories)
    if arguments.act == "verify" and arguments.file is not None:
        return _verified(_lines(arguments.file), _head(arguments))
    if arguments.data is None:
        raise InputError("say which town: --data DIR")
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with governed(arguments.data, arguments.town) as found:
        if arguments.act == "verify":
            _head(arguments)
            told = (await found.ask("GET", f"{AUDIT}/verification", query={"head": arguments.head or ""}))[0]
            return _judged(told["faults"], int(told["head"].partition(":")[0]))
        if arguments.act == "head":
            print((await found.ask("GET", f"{AUDIT}/head"))[0]["head"])
        elif arguments.act == "export":
            await _export(found)
        else:
            await _search(found, arguments)
    return 0


async def _export(found: Governed) -> None:
    """Up to where the record ends now: that it is taken out is noted behind that."""
    end = int((await found.ask("GET", f"{AUDIT}/head"))[0]["head"].partition(":")[0])
    after = 0
    while after < end:
        batches = await found.ask("GET", f"{AUDIT}/batches", query={"after": str(after)})
        for batch in batches:
            if batch["number"] <= end:
                print(json.dumps(batch, ensure_ascii=False))
        if not batches:
            return
        after = int(batches[-1]["number"])


async def _search(found: Governed, arguments: argparse.Namespace) -> None:
    query = {name: getattr(arguments, name) for name in ("who", "what", "did", "since", "until", "purpose")}
    query |= {"refused": "true"} if arguments.refused else {}
    left, before = arguments.limit, ""
    while left > 0:
        page = {"limit": str(min(left, _PAGE)), **({"before": before} if before else {})}
        told = (await found.ask("GET", f"{AUDIT}/entries", query={**query, **page}))[0]
        for one in told["entries"]:
            print(json.dumps(one, ensure_ascii=False))
        left -= len(told["entries"])
        before = told["before"] or ""
        if not before:
            return


def _hold_parts(place: Path) -> int:
    parts, advisories, today = installed(), list(read_advisories(place)), utc_now().date()
    try:
        found = weaknesses(parts, advisories)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from error
    for one in found:
        mark, until = (
            "×" if one.is_late(today) else "△",
            f"by / 期限 {one.due}" if one.due else "not mended yet / 未対応",
        )
        grave, to = "grave / 重大" if one.grave else "", ", ".join(one.mended[:1])
        print(
            " ".join(
                filter(None, [mark, one.part.name, one.part.version, one.id, grave, f"→ {to}" if to else "", until])
            )
        )
    late = sum(one.is_late(today) for one in found)
    print(
        f"{'×' if late else '○'} {len(parts)} parts, {len(advisories)} advisories: {len(found)} weaknesses, {late} late"
        f" / 部品 {len(parts)}、勧告 {len(advisories)}、弱点 {len(found)}、期限切れ {late}"
    )
    return 1 if late else 0


def _head(arguments: argparse.Namespace) -> Head | None:
    try:
        return read_head(arguments.head) if arguments.head else None
    except ValueError as error:
        raise InputError(f"--head: {error}") from error


def _verified(batches: Iterable[Any], head: Head | None) -> int:
    kept = list(batches)
    return _judged(faults(kept, head), len(kept))


def _judged(found: Sequence[str], batches: int) -> int:
    for fault in found:
        print(f"× {fault}", file=sys.stderr)
    if not found:
        print(f"○ {batches} batches, nothing was changed / 改ざんはありません")
    return 1 if found else 0


def _lines(file: Path) -> Iterator[Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            yield {}
