"""Of which parts does this installation consist, and what do files of advisories say? Read from the disk alone."""

import json
from collections.abc import Iterator
from importlib.metadata import distributions
from importlib.resources import files
from pathlib import Path
from typing import Any

from machinami.foundation.errors import InputError
from machinami.model.weakness import Part, plain_name


def installed() -> list[Part]:
    """What is in the environment that runs this, and what its pages load in the browser."""
    found = {plain_name(one.metadata["Name"]): one.version for one in distributions() if one.metadata["Name"]}
    parts = [Part("pypi", name, version) for name, version in sorted(found.items())]
    lock = files("machinami.kit").joinpath("static/package-lock.json")
    if lock.is_file():
        for path, row in json.loads(lock.read_text("utf-8"))["packages"].items():
            if path:
                parts.append(Part("npm", path.rpartition("node_modules/")[2], row["version"]))
    return parts


def read_advisories(place: Path) -> Iterator[dict[str, Any]]:
    """The advisories of a file (JSON: one or a list of them; JSON Lines) or of every such file in a folder. Raises
    InputError."""
    try:
        every = sorted(place.rglob("*.json*")) if place.is_dir() else [place]
        for file in every:
            yield from _read(file.read_text("utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{place} cannot be read: {error}") from error


def _read(text: str, file: Path) -> Iterator[dict[str, Any]]:
    try:
        if file.suffix == ".jsonl":
            yield from (json.loads(line) for line in text.splitlines() if line.strip())
            return
        told = json.loads(text)
    except ValueError as error:
        raise InputError(f"{file} is no JSON ({error}); advisories come in the OSV form") from error
    yield from told if isinstance(told, list) else [told]
