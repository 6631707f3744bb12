"""Which known weaknesses have the parts of an installation, and by when must each be mended? By advisories (OSV).

OSV is how the Python, npm and GitHub advisory databases are given away as files: https://ossf.github.io/osv-schema/
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

GRAVE_DAYS, OTHER_DAYS, LOOKED_DAYS = 7, 30, 90
"""Within how many days a grave weakness is mended after it is published, any other, and newer parts are looked for."""
_LIGHT = frozenset({"LOW", "MODERATE", "MEDIUM"})
_VERSION = re.compile(r"v?(?:\d+!)?(\d+(?:\.\d+)*)[-_.]?(dev|a|alpha|b|beta|c|rc|pre|post)?[-_.]?(\d*)", re.IGNORECASE)
_STEPS = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1, "pre": -1, None: 0, "post": 1}
_ECOSYSTEMS = {"PyPI": "pypi", "npm": "npm"}


@dataclass(frozen=True, slots=True)
class Part:
    """One package that is used. origin: pypi or npm."""

    origin: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Weakness:
    """A known weakness of a part. mended: the versions without it, empty while there is none; due: the day by which the
    part must be renewed, None where no version mends it."""

    part: Part
    id: str
    published: date
    grave: bool
    mended: Sequence[str]

    @property
    def due(self) -> date | None:
        """By when it must be mended."""
        return self.published + timedelta(days=GRAVE_DAYS if self.grave else OTHER_DAYS) if self.mended else None

    def is_late(self, today: date) -> bool:
        """Whether it should have been mended before today."""
        return self.due is not None and today > self.due


def weaknesses(parts: Iterable[Part], advisories: Iterable[Mapping[str, Any]]) -> list[Weakness]:
    """What is known of the parts, the most urgent first. Raises ValueError for what is no advisory."""
    by_name: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        by_name.setdefault((part.origin, plain_name(part.name)), []).append(part)
    found = {}
    for advisory in advisories:
        if not isinstance(advisory, Mapping) or not isinstance(advisory.get("id"), str):
            raise ValueError("an advisory is a JSON object with an id (https://ossf.github.io/osv-schema/)")
        if advisory.get("withdrawn"):
            continue
        for affected in advisory.get("affected", ()):
            package = affected.get("package", {})
            origin = _ECOSYSTEMS.get(str(package.get("ecosystem")), "")
            for part in by_name.get((origin, plain_name(str(package.get("name")))), ()):
                if _is_affected(part.version, affected):
                    found[part, advisory["id"]] = _weakness(part, advisory, affected)
    return sorted(found.values(), key=lambda one: (one.due or date.max, one.part.name, one.id))


def plain_name(name: str) -> str:
    """A name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _weakness(part: Part, advisory: Mapping[str, Any], affected: Mapping[str, Any]) -> Weakness:
    said = advisory.get("published") or advisory.get("modified")
    try:
        published = date.fromisoformat(str(said)[:10])
    except ValueError:
        raise ValueError(f"{advisory['id']}: published must be a moment, as 2026-11-21T00:00:00Z") from None
    severity = str((advisory.get("database_specific") or {}).get("severity", "")).upper()
    fixed = [event["fixed"] for row in _ranges(affected) for event in row.get("events", ()) if "fixed" in event]
    above = [version for version in fixed if version_key(version) > version_key(part.version)]
    # What is not said to be light is taken for grave.
    return Weakness(part, advisory["id"], published, severity not in _LIGHT, sorted(above, key=version_key))


def _ranges(affected: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in affected.get("ranges", ()) if row.get("type") in ("ECOSYSTEM", "SEMVER")]


def _is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    """Whether a version is named, or lies in a range: from what introduced it to before what fixed it."""
    if version in affected.get("versions", ()):
        return True
    key = version_key(version)
    for row in _ranges(affected):
        within = False
        for event in sorted(row.get("events", ()), key=_event_key):
            kind, at = next(iter(event.items()))
            if kind == "introduced":
                within = within or version_key(at) <= key
            else:  # fixed from this version on, or affected up to and with it
                within = within and not (version_key(at) < key or (kind == "fixed" and version_key(at) == key))
        if within:
            return True
    return False


def _event_key(event: Mapping[str, str]) -> tuple[Any, ...]:
    kind, version = next(iter(event.items()))
    return version_key(version), kind != "introduced"


def version_key(version: str) -> tuple[tuple[int, ...], int, int]:
    """By what versions are ordered: numbers first; before them what comes before a release, after them what comes
    after (PEP 440, and of npm what is like it). What is no version comes first."""
    found = _VERSION.match(version.strip())
    if found is None:
        return (), 0, 0
    numbers = [int(number) for number in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    step = found[2].lower() if found[2] else None
    return tuple(numbers), _STEPS[step], int(found[3] or 0)
