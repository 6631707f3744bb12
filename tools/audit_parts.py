"""Is a weakness known of what the product is made of, and are its parts within their time?

`python tools/audit_parts.py` asks the indexes, where there is a net: it ends with 1 where a part has a known weakness
that a newer version mends, unless tools/accepted_weaknesses.toml takes it until a day to come. Without the net it says
"not audited". With `--advisories PATH` it asks a file or folder of advisories (OSV) instead, and ends with 1 where a
part should have been renewed by today. In each case it ends with 1 where the record of the parts (tools/parts.toml)
does not hold, or newer versions were not looked for in time.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import parts_record
from machinami.app.parts import read_advisories
from machinami.model.weakness import Part, weaknesses

ROOT = Path(__file__).resolve().parent.parent
LOCK, STATIC = ROOT / "requirements.lock", ROOT / "src" / "machinami" / "kit" / "static"
ACCEPTED = Path(__file__).resolve().parent / "accepted_weaknesses.toml"
AUDITOR = "pip-audit==2.10.1"
PLACE = ROOT / ".cache" / "auditor"
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Weakness:
    """A known weakness of a part. mended: the versions that do not have it; empty while there is none."""

    part: str
    version: str
    name: str
    mended: str


@dataclass(frozen=True, slots=True)
class Account:
    """What an index told: of how many parts it knew, and what is weak. cause: why nothing was told."""

    known: int = 0
    weak: Sequence[Weakness] = ()
    cause: str = ""


def of_python(told: Mapping[str, Any]) -> Account:
    """What pip-audit told."""
    known = [row for row in told["dependencies"] if "skip_reason" not in row]
    weak = [
        Weakness(row["name"], row["version"], one["id"], ", ".join(one.get("fix_versions") or ()))
        for row in known
        for one in row.get("vulns", ())
    ]
    return Account(len(known), weak, "" if known else "the index tells nothing of weaknesses")


def of_browser(told: Mapping[str, Any]) -> Account:
    """What npm audit told."""
    if "metadata" not in told:
        return Account(cause=str(told.get("message") or told.get("error") or "the index gave no answer"))
    weak = [
        Weakness(name, row.get("range", ""), str(one.get("url", one.get("title", ""))), str(row["fixAvailable"] or ""))
        for name, row in told.get("vulnerabilities", {}).items()
        for one in row.get("via", ())
        if isinstance(one, dict)
    ]
    return Account(int(told["metadata"]["dependencies"]["total"]), weak)


def judged(account: Account, accepted: Mapping[str, date], today: date) -> tuple[list[str], bool]:
    """What is said of an account, and whether it is a failure."""
    if account.cause:
        return [f"not audited: {account.cause}"], False
    lines, fails = [f"{account.known} parts audited, {len(account.weak)} weaknesses known"], False
    for one in account.weak:
        until = accepted.get(one.name)
        taken = until is not None and today <= until
        fails |= bool(one.mended) and not taken
        verdict = f"taken until {until}" if taken else f"mended in {one.mended}" if one.mended else "not mended yet"
        lines.append(f"  {one.part} {one.version}: {one.name}, {verdict}")
    return lines, fails


def read_accepted(text: str) -> dict[str, date]:
    """The weaknesses that are taken, each until a day, with a reason. Raises ValueError."""
    found = {}
    for name, row in tomllib.loads(text).items():
        if not isinstance(row, dict) or not isinstance(row.get("until"), date) or not row.get("because"):
            raise ValueError(f'{name} must say until = a day, and because = "the reason"')
        found[name] = row["until"]
    return found


def ask(command: Sequence[str], cwd: Path = ROOT) -> Mapping[str, Any] | str:
    """What a client told as JSON, or why it told nothing."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False)
        told = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
        return "no network"
    return told if isinstance(told, dict) else "no network"


def ask_python() -> Account:
    """What is known of the packages of requirements.lock."""
    python = PLACE / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(PLACE, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", AUDITOR]
    try:
        subprocess.run(install, capture_output=True, timeout=SECONDS, check=True)
    except subprocess.SubprocessError:
        return Account(cause="no network, so that the auditor cannot be had")
    words = ("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off")
    told = ask([str(python), "-m", "pip_audit", "-r", str(LOCK), *words])
    return Account(cause=told) if isinstance(told, str) else of_python(told)


def ask_browser() -> Account:
    """What is known of the packages of package-lock.json."""
    npm = shutil.which("npm")
    if npm is None:
        return Account(cause="no npm here")
    told = ask([npm, "audit", "--package-lock-only", "--json"], STATIC)
    return Account(cause=told) if isinstance(told, str) else of_browser(told)


def held(
    parts: Sequence[Part], advisories: Sequence[Mapping[str, Any]], accepted: Mapping[str, date], today: date
) -> tuple[list[str], bool]:
    """What files of advisories say of the parts, and whether one should have been renewed by today."""
    found, fails = weaknesses(parts, advisories), False
    lines = [f"{len(parts)} parts held against {len(advisories)} advisories, {len(found)} weaknesses known"]
    for one in found:
        until = accepted.get(one.id)
        taken = until is not None and today <= until
        fails |= one.is_late(today) and not taken
        verdict = f"taken until {until}" if taken else f"to be renewed by {one.due}" if one.due else "not mended yet"
        lines.append(f"  {one.part.name} {one.part.version}: {one.id}, {verdict}")
    return lines, fails


def main(argv: Sequence[str] | None = None) -> int:
    """Audit both kinds of parts; 1 where something must be renewed."""
    parser = argparse.ArgumentParser(description="Hold the parts against known weaknesses, and their days.")
    parser.add_argument("--advisories", type=Path, help="a file or folder of advisories in the OSV form")
    advisories: Path | None = parser.parse_args(argv).advisories
    accepted, today = read_accepted(ACCEPTED.read_text("utf-8")), datetime.now(UTC).date()
    parts = parts_record.locked()
    told = parts_record.faults(parts_record.read(parts_record.RECORD.read_text("utf-8")), parts, today)
    print("\n".join(told or ["record: each part is recorded, and newer ones were looked for in time"]), flush=True)
    failed = bool(told)
    if advisories is not None:
        lines, fails = held(parts, list(read_advisories(advisories)), accepted, today)
        print("\n".join(lines), flush=True)
        return int(failed or fails)
    for name, account in (("Python", ask_python()), ("browser", ask_browser())):
        lines, fails = judged(account, accepted, today)
        failed |= fails
        print("\n".join([f"{name}: {lines[0]}", *lines[1:]]), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
