"""What became of the towns of this installation? The platform's own record: it outlives every town, and is chained."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from machinami.app.durable import read_json, sync_folder, write_json
from machinami.foundation.errors import StoreUnavailable
from machinami.model.audit import Head, entries_of, faults, sealed

FOLDER = "platform"


class Record:
    """The files of the platform: its record, what each town was given, and what is under way."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER
        self._record = self.folder / "record.jsonl"
        self._given = self.folder / "towns.json"
        self._under_way = self.folder / "under-way.json"
        self.given: dict[str, dict[str, Any]] = read_json(self._given) or {}

    # what each town was given: its quota, the name of its host

    def give(self, town: str, **facts: Any) -> None:
        """Keep facts of a town; None takes one away."""
        kept = {**self.given.get(town, {}), **facts}
        self._keep({**self.given, town: {name: fact for name, fact in kept.items() if fact is not None}})

    def take(self, town: str) -> None:
        """Keep nothing of a town."""
        if town in self.given:
            self._keep({name: facts for name, facts in self.given.items() if name != town})

    def _keep(self, given: dict[str, dict[str, Any]]) -> None:
        write_json(self._given, given)
        self.given = given

    # the record

    def batches(self) -> list[dict[str, Any]]:
        """The record as it was written, one act each. Raises StoreUnavailable where it is no record."""
        try:
            lines = self._record.read_bytes().splitlines() if self._record.exists() else []
            if lines and not _is_json(lines[-1]):  # a crash broke the last line off, before its act was done
                lines.pop()
            return [orjson.loads(line) for line in lines]
        except ValueError as error:
            raise StoreUnavailable(f"{self._record} is damaged: {error}") from error

    def entries(self) -> list[dict[str, Any]]:
        """Every act, the first one first."""
        return [one for batch in self.batches() for one in entries_of(batch)]

    def note(self, entry: Mapping[str, Any]) -> None:
        """Add an act, for good; one that is there already is not added again."""
        batches = self.batches()
        if any(one.get("id") == entry["id"] for batch in batches[-100:] for one in entries_of(batch)):
            return
        head = Head(batches[-1]["number"], batches[-1]["digest"]) if batches else Head()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole = b"".join(orjson.dumps(batch) + b"\n" for batch in batches)
        handle = os.open(self._record, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            file.truncate(len(whole))
            file.seek(len(whole))
            file.write(orjson.dumps(sealed([dict(entry)], head)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.folder)

    def faults(self) -> list[str]:
        """Sentences about everything that shows that the record is not what was written."""
        return [str(one) for one in faults(self.batches())]

    # what is under way

    @property
    def under_way(self) -> dict[str, Any] | None:
        """The act that a crash may have broken off."""
        found: dict[str, Any] | None = read_json(self._under_way)
        return found

    def begin(self, intention: Mapping[str, Any]) -> None:
        """Say what is about to be done, so that a start after a crash can bring it to an end."""
        write_json(self._under_way, intention)

    def end(self) -> None:
        """It is done, or was taken back."""
        self._under_way.unlink(missing_ok=True)
        sync_folder(self.folder)


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except ValueError:
        return False
    return True
