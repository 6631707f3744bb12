"""Where is what came before it was condensed? In Parquet files of the town, for each month and entity.

They are files of the town like any other: sealed where the town is encrypted, moved and deleted with it. What is about
people never goes there, as it is never condensed; what is erased for another reason, or was marked as personal only
later, is taken out of them too.
"""

import asyncio
from collections.abc import Collection, Sequence
from hashlib import sha256

from machinami.foundation.instant import to_micros
from machinami.model.found import Instance
from machinami.store.files import Files
from machinami.store.parquet import Row, from_parquet, is_there, to_parquet

OWNER = "closed-months"


class ClosedMonths:
    """The closed months of one town."""

    def __init__(self, files: Files | None) -> None:
        self._files = files

    @property
    def is_open(self) -> bool:
        """Whether anything can be put there."""
        return self._files is not None and is_there()

    async def keep(self, month: str, kind: str, instances: Sequence[Instance]) -> None:
        """Keep readings of one entity. A file is written whole or not at all; what is in it already counts once."""
        if self._files is None or not instances:
            return
        rows = [_row(kind, one) for one in instances]
        name = f"{month}-{_mark(instances[0].entity_id)}.parquet"
        held = await self._files.get(OWNER, name)
        if held is not None:
            rows += await asyncio.to_thread(from_parquet, held)
        await self._files.put(OWNER, name, await asyncio.to_thread(to_parquet, rows))

    async def names(self) -> list[str]:
        """The names of the files, the oldest month first."""
        return [] if self._files is None else await self._files.names(OWNER)

    async def read(self, name: str) -> Sequence[Row]:
        """The readings of one file."""
        content = None if self._files is None else await self._files.get(OWNER, name)
        return [] if content is None else await asyncio.to_thread(from_parquet, content)

    async def forget(self, entity_id: str, attributes: Collection[str] | None = None) -> int:
        """Take out what is about an entity, or some attributes of it; how many files there were. Where one cannot be
        written anew it goes as a whole: what is to be erased may not stay."""
        mark, found = _mark(entity_id), 0
        for name in await self.names():
            if self._files is None or name[8:32] != mark:
                continue
            found += 1
            left = [] if attributes is None or not is_there() else await self._without(name, attributes)
            await self._files.drop(OWNER, name)  # overwritten first, which putting another in its place does not do
            if left:
                await self._files.put(OWNER, name, await asyncio.to_thread(to_parquet, left))
        return found

    async def _without(self, name: str, attributes: Collection[str]) -> list[Row]:
        return [row for row in await self.read(name) if row[2] not in attributes]


def _mark(entity_id: str) -> str:
    """By what the files of an entity are known."""
    return sha256(entity_id.encode()).hexdigest()[:24]


def _row(kind: str, one: Instance) -> Row:
    value = one.value
    at = to_micros(value.observed_at) if value.observed_at is not None else 0
    return (
        one.entity_id, kind, one.attribute, value.dataset_id or "", at, float(value.value), value.unit_code or "",
        value.instance_id or "",
    )  # fmt: skip
