"""`machinami history`: read what came before it was condensed, from the closed months of a town."""

import argparse
import asyncio
import csv
import json
import sys
from dataclasses import asdict
from pathlib import Path

from machinami.app.archived import Wanted, archived, as_parquet, reading
from machinami.app.durable import write_whole
from machinami.cli.guide import guide
from machinami.foundation.instant import format_instant

_COLUMNS = ("entity", "type", "attribute", "dataset", "at", "number", "unit")


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("history", help="read closed months / 古い値を読む", **guide("history"))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    parser.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
    parser.add_argument("--type", default="", metavar="TYPE", help="of this type alone")
    parser.add_argument("--entity", default="", metavar="ID", help="of this entity alone")
    parser.add_argument("--attribute", default="", metavar="NAME", help="of this attribute alone")
    parser.add_argument("--since", default="", metavar="YYYY-MM", help="from this month on")
    parser.add_argument("--until", default="", metavar="YYYY-MM", help="up to this month, itself included")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV (default: JSON lines)")
    form.add_argument("--parquet", type=Path, metavar="FILE", help="write one Parquet file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the readings, or write them to one file."""
    wanted = Wanted(arguments.type, arguments.entity, arguments.attribute, arguments.since, arguments.until)
    return asyncio.run(_run(arguments, wanted))


async def _run(arguments: argparse.Namespace, wanted: Wanted) -> int:
    if arguments.parquet is not None:
        content, count = await as_parquet(arguments.data, arguments.town, wanted)
        write_whole(arguments.parquet, content, secret=True)
        print(f"○ {arguments.parquet}: {count:,} 件 / readings")
        return 0
    table = csv.writer(sys.stdout, lineterminator="\n") if arguments.csv else None
    if table is not None:
        table.writerow(_COLUMNS)
    async for row in archived(arguments.data, arguments.town, wanted):
        told = asdict(reading(row))
        shown = {**told, "at": format_instant(told["at"])}
        if table is not None:
            table.writerow([shown[name] for name in _COLUMNS])
        else:
            print(json.dumps(shown, ensure_ascii=False))
    return 0
