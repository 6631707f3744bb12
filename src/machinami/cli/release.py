"""`machinami release`: anonymous data of a town's people, and how safe a table is."""

import argparse
import asyncio
import csv
import io
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from machinami.apis.releases.api import BUDGETS, RELEASES
from machinami.app.governing import governed
from machinami.cli.guide import guide
from machinami.foundation.errors import InputError
from machinami.ingest.csv.encoding import decode
from machinami.methods.anonymity.scoring import as_checks, score

_FAR = 10_000_000


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("release", help="anonymous data / だれのことかわからないデータ", **guide("release"))
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    acts.add_parser("list", help="every version / すべての版")
    making = acts.add_parser("make", help="make and check a version / 作って確かめる")
    making.add_argument("file", type=Path, metavar="FILE", help="what is wanted, as JSON (docs/anonymous-data.md)")
    showing = acts.add_parser("show", help="one version with its account / 一つの版")
    withdrawing = acts.add_parser("withdraw", help="take a published version back / 取り下げる")
    for act in (showing, withdrawing):
        act.add_argument("version", metavar="ID/NUMBER")
    withdrawing.add_argument("--reason", required=True, help="why; everybody can read it")
    acts.add_parser("budgets", help="what noise may still tell / 雑音の残り")
    for act in acts.choices.values():
        act.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
        act.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
        act.add_argument("--json", action="store_true", help="print JSON")
    _add_score(acts)
    parser.set_defaults(run=run)


def _add_score(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    scoring = acts.add_parser("score", help="how safe is a table? / 表の安全さを測る")
    scoring.add_argument("--csv", type=Path, required=True, metavar="FILE", help="a row for each person")
    scoring.add_argument("--known", required=True, metavar="COL,COL", help="what others may know of a person")
    scoring.add_argument("--sensitive", default="", metavar="COL", help="what others must not learn")
    scoring.add_argument("--bands", action="append", default=[], metavar="COL=W,W", help="numeric bands to try")
    scoring.add_argument("-k", type=int, default=10, help="fewest people of a group (default 10)")
    scoring.add_argument("-l", type=int, default=1, help="fewest sensitive values of a group (default 1)")
    scoring.add_argument("--hold-back", type=float, default=0.05, help="share of rows that may be left out")
    scoring.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    if arguments.act == "score":
        return _score(arguments)
    asyncio.run(_run(arguments))
    return 0


async def _run(arguments: argparse.Namespace) -> None:
    async with governed(arguments.data, arguments.town) as found:
        match arguments.act:
            case "list":
                told = (await found.ask("GET", RELEASES))[0]
            case "budgets":
                told = (await found.ask("GET", BUDGETS))[0]
            case "make":
                told = (await found.ask("POST", RELEASES, _document(arguments.file)))[0]
            case "show":
                told = (await found.ask("GET", _address(arguments.version)))[0]
            case _:
                body = {"reason": arguments.reason}
                told = (await found.ask("POST", f"{_address(arguments.version)}/withdrawal", body))[0]
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    for one in told if isinstance(told, list) else [told]:
        print(_budget(one) if arguments.act == "budgets" else _line(one))
        for said in one.get("account", ()) if arguments.act in ("make", "show") else ():
            print(f"  {'×' if said['passed'] is False else '·'} {said['sentence']}")


def _line(one: dict[str, Any]) -> str:
    title = one["title"].get("ja") or one["title"].get("en") or ""
    return f"{one['id']}/{one['version']:<4} {one['state']:<10} {title}"


def _budget(one: dict[str, Any]) -> str:
    renews = f"renews {one['renews']}" if one["renews"] else "does not renew"
    return f"{one['type']}: ε {one['left']:g} of {one['epsilon']:g} left, {renews}; {one['ever']:g} ever spent"


def _address(version: str) -> str:
    name, slash, number = version.partition("/")
    if not slash:
        raise InputError(f"{version} is no version; write it as steps/3")
    return f"{RELEASES}/{quote(name, safe='')}/{quote(number, safe='')}"


def _document(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as JSON: {error}") from error


def _score(arguments: argparse.Namespace) -> int:
    began = time.perf_counter()
    known = [name.strip() for name in arguments.known.split(",") if name.strip()]
    header, rows = _table(arguments.csv)
    missing = [name for name in (*known, arguments.sensitive) if name and name not in header]
    if missing:
        raise InputError(f"{arguments.csv} has no column {missing[0]!r}; it has {', '.join(header)}")
    values = [[row[header.index(name)] for name in known] for row in rows]
    sensitive = [row[header.index(arguments.sensitive)] for row in rows] if arguments.sensitive else None
    try:
        found = score(known, values, _bands(arguments.bands), arguments.k, arguments.l, sensitive, arguments.hold_back)
    except ValueError as error:
        raise InputError(f"{arguments.csv}: {error}") from error
    checks = as_checks(found, arguments.k, arguments.l)
    seconds = round(time.perf_counter() - began, 1)
    if arguments.json:
        told = {"service": "anonymity", "checks": checks, "rows": len(rows), "seconds": seconds}
        print(json.dumps(told, ensure_ascii=False))
        return 0
    for one in checks:
        verdict = {True: "passed", False: "MISSED", None: ""}[one["passed"]]
        value = "—" if one["value"] is None else f"{one['value']:.4g}"
        print(f"{one['name']:<34} {value:>10} {one['unit']:<4} {verdict}")
    print(f"{len(rows)} rows, {seconds} s")
    return 0


def _table(file: Path) -> tuple[list[str], list[list[str]]]:
    try:
        text, _ = decode(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; give the path of a table") from None
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if not rows or len(rows) > _FAR:
        raise InputError(f"{file} holds no table")
    header, *rest = rows
    odd = next((at for at, row in enumerate(rest, 2) if len(row) != len(header)), None)
    if odd is not None:
        raise InputError(f"{file}: line {odd} has another number of columns than the first one")
    return [name.strip() for name in header], rest


def _bands(said: list[str]) -> dict[str, tuple[float, ...]]:
    found: dict[str, tuple[float, ...]] = {}
    for one in said:
        name, _, widths = one.partition("=")
        try:
            found[name] = tuple(float(width) for width in widths.split(","))
        except ValueError:
            raise InputError(f"--bands {one}: write it as age=5,10,20") from None
    return found
