"""`machinami doctor`: how does an installation fare, what is to be done, and what helps somebody else to help?"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from machinami.apis.operations.routes import FINDINGS
from machinami.apis.operations.telling import PACKAGE, document
from machinami.app.checkup.bundle import bundle_of, write_bundle
from machinami.app.checkup.stopped import examine_stopped
from machinami.app.knocking import Beside, beside, runs
from machinami.cli.guide import guide, program
from machinami.cli.version import installed_version
from machinami.foundation.errors import SettingsError
from machinami.kit.words import Words

_MARKS = {"grave": "×", "warning": "△", "note": "・"}


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("doctor", help="is it well, and what to do / 調子を調べる", **guide("doctor"))
    parser.add_argument("--data", type=Path, default=Path(), metavar="DIR", help="the folder of the town (default: .)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--host", default="127.0.0.1", help="where the town is to be served (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=1026, help="and on which port (default: 1026)")
    words = "write what helps others to help, without secrets / 相談用のまとめを書く"
    parser.add_argument("--bundle", type=Path, metavar="FILE.zip", help=words)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Say how it fares; 1 where something has to be seen to."""
    if not 0 <= arguments.port <= 65_535:
        raise SettingsError(f"--port {arguments.port} is no port; give 1 to 65535")
    told = asyncio.run(_examine(arguments))
    if arguments.bundle is not None:
        write_bundle(arguments.bundle, bundle_of(arguments.data, told, installed_version()))
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _say(told)
        if arguments.bundle is not None:
            print(f"○ {arguments.bundle}: 送る前に中身を見られます / look into it before you send it")
    return 0 if told["sound"] else 1


async def _examine(arguments: argparse.Namespace) -> dict[str, Any]:
    data: Path = arguments.data
    if not data.is_dir():
        raise SettingsError(f"There is no folder {data}; make one with: machinami init {data}")
    held = runs(data)
    if held is None:
        return document(await examine_stopped(data, arguments.host, arguments.port), str(data), program())
    async with beside(data, held) as running:
        return await _asked(running)


async def _asked(running: Beside) -> dict[str, Any]:
    found: dict[str, Any] = (await running.ask("GET", FINDINGS))[0]
    return found


def _say(told: dict[str, Any]) -> None:
    """Every finding, then what is well, in both languages."""
    words = {language: Words(language, PACKAGE) for language in ("ja", "en")}
    for one in told["findings"]:
        mark = _MARKS[one["severity"]]
        grave = " / ".join(each.plain(f"operations.severity.{one['severity']}") for each in words.values())
        print(f"{mark} [{grave}] {one['what']['ja']}\n  {one['what']['en']}")
        if one["since"]:
            print(f"  {one['since']} から / since")
        print(f"  → {one['do']['ja']}\n    {one['do']['en']}")
        if one["command"]:
            print(f"    $ {one['command']}")
        if one["link"]:
            print(f"    {one['link']}")
        print()
    for one in told["well"]:
        name = words["ja"].plain(f"check.{one['check']}")
        print(f"○ {name}: {one['what']['ja']} / {one['what']['en']}")
    if told["unknown"]:
        ja, en = (", ".join(each.plain(f"check.{one}") for one in told["unknown"]) for each in words.values())
        print(f"？ 街が動いているときに分かります: {ja}\n  Told while the town runs: {en}")
    sys.stdout.flush()
