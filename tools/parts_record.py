"""Since when is each part locked in its version, and when were newer ones last looked for? Kept in tools/parts.toml.

`python tools/parts_record.py` writes it anew from the locks: a version that was not there before is there since today.
`--looked` says that newer versions of all parts were looked for today, as `tools/renew_locks.py --upgrade` does.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bill import BROWSER, PYTHON, ROOT, browser_parts, python_parts
from machinami.model.weakness import LOOKED_DAYS, Part

RECORD = Path(__file__).resolve().parent / "parts.toml"
_HEAD = """# Which version of each part is locked, and since when; looked: when newer versions were last looked for.
# Made by tools/parts_record.py, which tools/renew_locks.py calls. docs/security.md says how old these days may be.
"""


@dataclass(frozen=True, slots=True)
class Record:
    """looked: when newer versions were looked for; since: by part, from which day on it is locked in this version."""

    looked: date
    since: Mapping[Part, date]


def locked(root: Path = ROOT) -> list[Part]:
    """What the locks of a checkout hold."""
    rows = [*python_parts((root / PYTHON).read_text("utf-8")), *browser_parts((root / BROWSER).read_text("utf-8"))]
    return [Part(row.origin, row.name, row.version) for row in rows]


def renewed(before: Record, parts: Iterable[Part], today: date, looked: bool) -> Record:
    """The record of these parts; what was there before keeps its day."""
    return Record(today if looked else before.looked, {part: before.since.get(part, today) for part in parts})


def read(text: str) -> Record:
    """A record that was written."""
    told = tomllib.loads(text)
    rows = {
        Part(origin, *written.rsplit(" ", 1)): since
        for origin in ("pypi", "npm")
        for written, since in told[origin].items()
    }
    return Record(told["looked"], rows)


def write(record: Record) -> str:
    """A record as it is kept."""
    lines = [_HEAD + f"looked = {record.looked}"]
    for origin in ("pypi", "npm"):
        lines.append(f"\n[{origin}]")
        rows = sorted((part.name, part.version, since) for part, since in record.since.items() if part.origin == origin)
        lines += [f'"{name} {version}" = {since}' for name, version, since in rows]
    return "\n".join(lines) + "\n"


def faults(record: Record, parts: Iterable[Part], today: date) -> list[str]:
    """What of the record does not hold: parts that it does not name, or a day that is too long ago."""
    now, kept = set(parts), set(record.since)
    found = [f"{one.name} {one.version} is locked and not recorded" for one in sorted(now - kept, key=str)]
    found += [f"{one.name} {one.version} is recorded and not locked" for one in sorted(kept - now, key=str)]
    due = record.looked + timedelta(days=LOOKED_DAYS)
    if today > due:
        found.append(f"newer versions were last looked for on {record.looked}, and should have been by {due}")
    return found


def main(argv: list[str] | None = None) -> int:
    """Write the record."""
    parser = argparse.ArgumentParser(description="Record since when each part is locked.")
    parser.add_argument("--looked", action="store_true", help="newer versions of all were looked for today")
    asked, today = parser.parse_args(argv), datetime.now(UTC).date()
    before = read(RECORD.read_text("utf-8")) if RECORD.exists() else Record(today, {})
    RECORD.write_text(write(renewed(before, locked(), today, asked.looked)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
