"""`machinami audit`: what was done in a town, by whom, and has the account of it been tampered with?"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from machinami.app.governing import expanded, governed
from machinami.app.towns.console import CONSOLE
from machinami.broker.audit import Search
from machinami.cli.guide import guide
from machinami.foundation.errors import InputError
from machinami.foundation.instant import parse_instant
from machinami.model.audit import Head, faults, opened, read_head


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
    ):
        searching.add_argument(f"--{name}", default="", help=words)
    searching.add_argument("--refused", action="store_true", help="what was refused only")
    searching.add_argument("--limit", type=int, default=100, metavar="N", help="the last N (default: 100)")
    acts.add_parser("export", help="the whole record as JSON lines / すべてを書き出す")
    acts.add_parser("head", help="number and digest of the last batch, to be kept apart / 末尾の値")
    for act in acts.choices.values():
        act.add_argument("--data", type=Path, metavar="DIR", help="the folder that holds the town")
        act.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 1 where tampering was found."""
    if arguments.act == "verify" and arguments.file is not None:
        return _verified(_lines(arguments.file), _head(arguments))
    if arguments.data is None:
        raise InputError("say which town: --data DIR")
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with governed(arguments.data, arguments.town) as found:
        if arguments.act == "verify":
            return _verified(await found.audit.batches(CONSOLE), _head(arguments))
        if arguments.act == "head":
            print(await found.audit.head(CONSOLE))
        elif arguments.act == "export":
            for batch in await found.audit.batches(CONSOLE):
                print(json.dumps(opened(batch), ensure_ascii=False))
        else:
            for one in await found.audit.search(_search(arguments), arguments.limit, CONSOLE):
                print(json.dumps(one, ensure_ascii=False))
    return 0


def _search(arguments: argparse.Namespace) -> Search:
    return Search(
        arguments.who,
        expanded(arguments.what) if arguments.what else "",
        arguments.did,
        parse_instant(arguments.since, "--since") if arguments.since else None,
        parse_instant(arguments.until, "--until") if arguments.until else None,
        True if arguments.refused else None,
    )


def _head(arguments: argparse.Namespace) -> Head | None:
    try:
        return read_head(arguments.head) if arguments.head else None
    except ValueError as error:
        raise InputError(f"--head: {error}") from error


def _verified(batches: Iterable[Any], head: Head | None) -> int:
    kept = list(batches)
    found = faults(kept, head)
    for fault in found:
        print(f"× {fault}", file=sys.stderr)
    if not found:
        print(f"○ {len(kept)} batches, nothing was changed / 改ざんはありません")
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
