"""How well does a service do on outside data? Reads the file, asks the service, shows its scores.

A service that can be scored has a module `evaluate` with ARGUMENTS and evaluate(); the contract is
`machinami.methods.scorecard`. This command reads the file, because services never see one.
"""

import argparse
import importlib
import json
import os
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import orjson

import machinami.services
from machinami.cli.guide import GUIDES, guide, program
from machinami.cli.progress import progress_bar
from machinami.foundation.errors import InputError
from machinami.ingest.csv import parse
from machinami.ingest.gtfs.parse.feed import read_feed
from machinami.ingest.pabulib import parse as pabulib
from machinami.ingest.requests311 import parse as requests311
from machinami.kit.compute import calm_algebra
from machinami.methods.scorecard import Argument, Check, Report, Table
from machinami.methods.series import Floats
from machinami.model.transit_document import network_document

METAVARS = {
    "column": "COL", "columns": "COL,COL", "text": "TEXT", "folder": "DIR", "file": "FILE", "polls": "FILE|DIR",
    "gtfs": "FILE", "requests": "FILE",
}  # fmt: skip
EMPTY = Table(np.zeros(0, np.int64), {})
_DATED = re.compile(r"[_-](19|20)\d\d([_-]?\d\d){0,2}$")


def add(subparsers: Any) -> None:
    """Add the command. The words after it are read when the service is known, since it says what it wants.

    A service is imported only when it is asked for: its libraries are heavy, and `serve` starts without them.
    """
    parser = subparsers.add_parser(
        "evaluate",
        help="score a service on data of your own / 手元のデータで評価する",
        add_help=False,
        prefix_chars="\0",
    )
    parser.add_argument("service", nargs="?", default="--help")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run)


def scorable() -> list[str]:
    """Return the names of the services that have an evaluate module, without importing any of them."""
    found = []
    for package in pkgutil.iter_modules(machinami.services.__path__):
        folder = Path(next(iter(machinami.services.__path__))) / package.name
        if (folder / "evaluate.py").is_file():
            found.append(package.name)
    return sorted(found)


def parser_of(
    name: str, arguments: Iterable[Argument], has_table: bool = True, optional: bool = False
) -> argparse.ArgumentParser:
    """Return the parser of `machinami evaluate NAME`; has_table: it wants a table; optional: it can do without."""
    command = f"evaluate {name}"
    parser = argparse.ArgumentParser(prog=f"{program()} {command}", **(guide(command) if command in GUIDES else {}))
    if has_table:
        _add_table_options(parser, not optional)
    for argument in arguments:
        parser.add_argument(
            f"--{argument.name}",
            required=argument.required,
            default=argument.default,
            metavar=METAVARS[argument.kind],
            help=argument.help + (f" (default {argument.default})" if argument.default else ""),
        )
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    return parser


def _add_table_options(parser: argparse.ArgumentParser, required: bool) -> None:
    parser.add_argument(
        "--csv",
        required=required,
        metavar="FILE|DIR",
        help="the table, any encoding, header lines allowed; or its parts",
    )
    parser.add_argument("--time", required=required, metavar="COL", help="column of the time, or two as DATE+TIME")
    parser.add_argument("--tz", default="UTC", metavar="ZONE", help="zone of the times, as Asia/Tokyo (default UTC)")
    parser.add_argument(
        "--missing", action="append", default=[], metavar="VALUE", help="means not measured in the single columns"
    )
    parser.add_argument("--encoding", default="", metavar="NAME", help="when it cannot be told from the file")


def run(args: argparse.Namespace) -> int:
    """Score the service and print; 0 when done, whatever the scores."""
    known = scorable()
    if args.service in ("-h", "--help"):
        print(f"usage: {program()} evaluate SERVICE …\n\nServices that can be scored: {', '.join(known)}")
        print(f"What one wants: {program()} evaluate {known[0]} --help")
        return 0
    if args.service not in known:
        raise InputError(f"there is no service {args.service!r} to score; there is: {', '.join(known)}")
    module = importlib.import_module(f"machinami.services.{args.service}.evaluate")
    has_table = not getattr(module, "WITHOUT_TABLE", False)
    optional = getattr(module, "TABLE_OPTIONAL", False)
    options = parser_of(args.service, module.ARGUMENTS, has_table, optional).parse_args(args.words)
    began = time.perf_counter()
    table, notes = read_tables(options, module.ARGUMENTS) if has_table and options.csv else (EMPTY, ())
    table = table._replace(documents=read_documents(options, module.ARGUMENTS))
    texts = {a.name: getattr(options, a.name) for a in module.ARGUMENTS if a.kind == "text"}
    with machine_talk_aside():
        report = score(module, table, texts)
    seconds = time.perf_counter() - began
    if options.json:
        print(json.dumps(as_json(report, seconds), ensure_ascii=False))
    else:
        show(report, notes, seconds)
    return 0


def read_documents(options: argparse.Namespace, arguments: Iterable[Argument]) -> dict[str, bytes]:
    """Read the JSON files of the folders that were named, by their path within the folder, single files, elections."""
    found: dict[str, bytes] = {}
    for argument in arguments:
        if argument.kind == "polls" and getattr(options, argument.name):
            found |= read_polls(Path(getattr(options, argument.name)))
        if argument.kind == "gtfs" and getattr(options, argument.name):
            found[argument.name] = read_timetable(getattr(options, argument.name))
        if argument.kind == "requests" and getattr(options, argument.name):
            found[argument.name] = read_requests(getattr(options, argument.name), getattr(options, "zone", "UTC"))
        said = getattr(options, argument.name) if argument.kind in ("folder", "file") else ""
        if not said:
            continue
        if argument.kind == "file":
            found[argument.name] = read_bytes(said)
            continue
        folder = Path(said)
        if not folder.is_dir():
            raise InputError(f"{said} is no folder; give the one that holds the documents")
        found |= {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob(argument.pattern))
        }
    return found


def read_polls(place: Path) -> dict[str, bytes]:
    """Read the .pb file, or those of a folder, each as a JSON document. Raises InputError."""
    files = sorted(place.rglob("*.pb")) if place.is_dir() else [place]
    if not files or not all(file.is_file() for file in files):
        raise InputError(f"{place} is no .pb file and no folder that holds one")
    return {file.name: orjson.dumps(pabulib.parse(file.read_bytes(), file.name).document()) for file in files}


def read_timetable(path: str) -> bytes:
    """Read a timetable by GTFS as a JSON document."""
    try:
        return orjson.dumps(network_document(read_feed(read_bytes(path)).network))
    except InputError as error:
        raise InputError(f"{path}: {error.detail}", **error.facts) from None


def read_requests(path: str, zone: str) -> bytes:
    """Read a table of service requests as JSON rows. Raises InputError."""
    return orjson.dumps(requests311.parse(read_bytes(path), Path(path).name, zone))


def read_bytes(path: str) -> bytes:
    """Read a file that was named."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; give the path of a table") from None


def read_tables(options: argparse.Namespace, arguments: Sequence[Argument]) -> tuple[Table, tuple[str, ...]]:
    """Read the file, or the parts in a folder: those whose names differ by a date at the end are of one place."""
    if not options.time:
        raise InputError("--time is needed with --csv: the column of the time of each row")
    folder = Path(options.csv)
    if not folder.is_dir():
        return read_table(options, arguments)
    files = sorted(folder.rglob("*.csv"))
    if not files:
        raise InputError(f"{folder} holds no .csv file")
    parts: dict[str, list[Table]] = {}
    for file in files:
        table, _ = read_table(argparse.Namespace(**{**vars(options), "csv": str(file)}), arguments)
        parts.setdefault(_DATED.sub("", file.stem), []).append(table)
    return side_by_side(parts), (f"{len(files)} files of {len(parts)} places",)


def side_by_side(parts: Mapping[str, Sequence[Table]]) -> Table:
    """Put the tables of several places on common times; a column of one role becomes one column for each place."""
    seconds = np.unique(np.concatenate([table.seconds for tables in parts.values() for table in tables]))
    columns: dict[str, dict[str, Floats]] = {}
    for place, tables in parts.items():
        for table in tables:
            for role, named in table.columns.items():
                for values in named.values():
                    whole = columns.setdefault(role, {}).setdefault(place, np.full(len(seconds), np.nan))
                    whole[np.searchsorted(seconds, table.seconds)] = values
    return Table(seconds, columns)


def read_table(options: argparse.Namespace, arguments: Iterable[Argument]) -> tuple[Table, tuple[str, ...]]:
    """Read the file and pick the columns that the service asked for, by role."""
    data = read_bytes(options.csv)
    roles: dict[str, list[str]] = {}
    missing: dict[str, list[str]] = {}
    for argument in arguments:
        said = getattr(options, argument.name)
        if argument.kind in ("text", "folder", "file", "polls", "gtfs") or not said:
            continue
        several = argument.kind == "columns"
        names = [part.strip() for part in said.split(",") if part.strip()] if several else [said]
        roles[argument.name] = names
        for name in names:
            # Of many columns 0 is a usual value (a dry hour), even where it marks a gap in the single one.
            missing[name] = [m for m in options.missing if not (several and is_zero(m))]
    try:
        read = parse.read_table(
            data,
            time=options.time,
            columns=tuple(missing),
            zone=options.tz,
            missing=missing,
            encoding=options.encoding or None,
        )
    except InputError as error:
        raise InputError(f"{options.csv}: {error.detail}", **error.facts) from None
    columns = {role: {name: read.columns[name] for name in names} for role, names in roles.items()}
    return Table(read.seconds, columns), read.notes


def is_zero(mark: str) -> bool:
    """Tell whether a mark for missing values is the number 0."""
    try:
        return float(mark) == 0.0
    except ValueError:
        return False


def score(module: ModuleType, table: Table, options: dict[str, str]) -> Report:
    """Run the evaluation over as many processes as there are processors."""
    progress = progress_bar("folds")
    workers = max(1, min(8, os.cpu_count() or 1))
    calm_algebra()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:

        def each(function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
            return pool.map(function, tasks)

        report: Report = module.evaluate(table, options, progress, each)
    return report


@contextmanager
def machine_talk_aside() -> Iterator[None]:
    """What libraries print by themselves (HiGHS does) goes to the error output, so that --json prints JSON alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def as_json(report: Report, seconds: float) -> dict[str, Any]:
    """Return the one shape that every service's scores have."""
    return {
        "service": report.service,
        "checks": [check.as_json() for check in report.checks],
        "rows": report.rows,
        "seconds": round(seconds, 1),
    }


def show(report: Report, notes: Iterable[str], seconds: float) -> None:
    """Print the scores as a table for people."""
    for note in (*notes, *report.notes):
        print(f"· {note}")
    width = max(len(check.name) for check in report.checks)
    for check in report.checks:
        print(f"{check.name:<{width}}  {value_of(check):>8}  {bar_of(check):<14} {verdict_of(check)}")
    print(f"{report.rows} rows, {seconds:.0f} s")


def value_of(check: Check) -> str:
    """Return the value as people read it."""
    value = check.as_json()["value"]
    return "—" if value is None else f"{value:.3f}" + ("" if check.unit == "1" else f" {check.unit}")


def bar_of(check: Check) -> str:
    """Return the bar as people read it."""
    if check.bar is None:
        return ""
    if isinstance(check.bar, tuple):
        return f"{check.bar[0]:g} to {check.bar[1]:g}"
    return f"{'at most' if check.most else 'at least'} {check.bar:g}"


def verdict_of(check: Check) -> str:
    """Return whether the bar is met."""
    return {True: "passed", False: "MISSED", None: ""}[check.passed]
