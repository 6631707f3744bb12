"""`machinami migrate`: bring a folder that does not run to this version's form, and see whether it holds together."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from machinami.app.delivery.inspecting import bring_forward, try_start
from machinami.cli.guide import guide
from machinami.cli.version import installed_version


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    words = "bring a folder to this version's form / 形式を新しくする"
    parser = subparsers.add_parser("migrate", help=words, **guide("migrate"))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the towns")
    parser.add_argument("--quick", action="store_true", help="do not hold log, state and history against each other")
    parser.add_argument("--start", action="store_true", help="also start it for a moment; nothing comes in or goes out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Bring it forward, and say what it holds."""
    towns = asyncio.run(_done(arguments))
    if arguments.json:
        print(json.dumps({"version": installed_version(), "towns": towns}, ensure_ascii=False))
        return 0
    for name, held in towns.items():
        print(f"{name}: " + ", ".join(f"{key} {value:,}" for key, value in held.items() if isinstance(value, int)))
    print("すべて読めました / all of it is readable" if towns else "街はまだありません / there is no town yet")
    return 0


async def _done(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    towns = await bring_forward(arguments.data, thoroughly=not arguments.quick)
    if arguments.start:
        await try_start(arguments.data, installed_version())
    return towns
