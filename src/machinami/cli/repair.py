"""`machinami repair`: what is wrong with the files of a town that does not run, and what can be mended?"""

import argparse
import asyncio
import json
from pathlib import Path

from machinami.app import repairing
from machinami.cli.guide import guide
from machinami.foundation.errors import InputError

_DEFAULT = "default"


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "repair", help="look through a town's files, and mend them / 点検と修復", **guide("repair")
    )
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="the folder of the town, which is stopped"
    )
    parser.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    acts = parser.add_mutually_exclusive_group()
    acts.add_argument(
        "--mend", action="store_true", help="make a whole file of what can be read; the other one is kept"
    )
    acts.add_argument("--drop", nargs=2, metavar=("KIND", "KEY"), help="let go of a record that cannot be read")
    acts.add_argument("--put", nargs=3, metavar=("KIND", "KEY", "FILE"), help="put the JSON of a file in its place")
    acts.add_argument("--forget", action="store_true", help="let go of the notes of what was lost")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look, or do what was asked; 1 where something is wrong."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    folder, name = arguments.data, arguments.town or _DEFAULT
    if arguments.drop:
        await repairing.drop(folder, name, *arguments.drop)
        print("dropped / 消しました")
    elif arguments.put:
        kind, key, file = arguments.put
        await repairing.put(folder, name, kind, key, _object(Path(file)))
        print("put / 置きかえました")
    elif arguments.forget:
        print(f"{await repairing.forget(folder, name)} notes let go of / 控えを消しました")
    elif arguments.mend:
        return await _mend(arguments)
    else:
        return _told(await repairing.faults(folder, arguments.town))
    return 0


async def _mend(arguments: argparse.Namespace) -> int:
    wrong = await repairing.faults(arguments.data, arguments.town)
    left = {}
    for name in [one for one, found in wrong.items() if found]:
        done = await repairing.mend(arguments.data, name)
        rows = ", ".join(f"{table} {count}" for table, count in done.rows.items())
        print(f"{name}: made whole / 直しました  ({rows})")
        print(f"  the damaged file is kept / 元のファイル: {done.kept}")
        for what in done.lost:
            print(f"  lost / 読めなかったもの: {what}")
        left[name] = done.left
    return _told(left or wrong)


def _told(wrong: dict[str, list[str]]) -> int:
    for name, found in wrong.items():
        print(f"{name}: {'well / 問題ありません' if not found else f'{len(found)} faults / 問題があります'}")
        for fault in found[:50]:
            print(f"  {fault}")
    return int(any(wrong.values()))


def _object(file: Path) -> dict[str, object]:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(record, dict):
        raise InputError(f"{file} holds no JSON object")
    return record
