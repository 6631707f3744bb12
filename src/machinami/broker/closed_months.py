"""Where is what came before it was condensed? In Parquet files of the town, for each month and type.

They are files of the town like any other: sealed where the town is encrypted, moved and deleted with it. What is about
people never goes there, as it is never condensed; what is erased for another reason, or was marked as personal only
later, is taken out of them too.

A month of a type that is too large for one file is several: then each has the entities whose SHA-256 begins as the end
of its name says, and an entity is in one of them only. So adding to it, and taking an entity out, is writing one file
of bounded size. Where one is split, its parts are there before it goes: as long as it is there, it counts and they do
not, and a split that was broken off is done again.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

from machinami.foundation.errors import StoreUnavailable
from machinami.foundation.instant import to_micros
from machinami.model.found import Instance
from machinami.store.files import Files
from machinami.store.parquet import Chosen, DamagedFile, Row, count, join, rows_of, without

OWNER = "closed-months"
ROWS = 500_000  # in a file; of one entity there may be more
_NAME = re.compile(r"(\d{4}-\d\d)-([0-9a-f]{12})(?:-([0-9a-f]+))?\.parquet")
_OF_AN_ENTITY = re.compile(r"\d{4}-\d\d-([0-9a-f]{24})\.parquet")  # as they were called once: one for each entity


class ClosedMonths:
    """The closed months of one town. files: None: it keeps none. rows: how many a file may have."""

    def __init__(self, files: Files | None = None, rows: int = ROWS) -> None:
        self._files = files
        self._rows = rows
        self._turn = asyncio.Lock()  # what is erased may not come back with what is added meanwhile

    async def keep(self, month: str, kind: str, rows: Sequence[Row]) -> None:
        """Keep readings of one type. Each file is written whole or not at all; what is in it already counts once.

        Raises StoreUnavailable where the town has no place for files.
        """
        if self._files is None:
            raise StoreUnavailable("This town has no folder for files: its closed months cannot be kept")
        async with self._turn:
            by_file: dict[str, list[Row]] = {}
            marks = await self._marks(month, kind)
            for row in rows:
                by_file.setdefault(_place(marks, mark_of(row[0])), []).append(row)
            for mark, part in by_file.items():
                await self._join(self._files, month, kind, mark, part)

    async def _join(self, files: Files, month: str, kind: str, mark: str, rows: Sequence[Row]) -> None:
        held = await files.get(OWNER, _name(month, kind, mark))
        with _named(_name(month, kind, mark)):
            made = await asyncio.to_thread(join, held, rows, mark, self._rows)
        for part, content in made.items():
            await files.put(OWNER, _name(month, kind, part), content)
        # The file that was split goes last: what a split that was broken off has left within it counts no more.
        for other in sorted(await self._marks(month, kind), reverse=True):
            if other.startswith(mark) and other not in made:
                await files.drop(OWNER, _name(month, kind, other))

    async def _marks(self, month: str, kind: str) -> set[str]:
        """The marks of the files of a month and type."""
        found = [_NAME.fullmatch(name) for name in await self._every()]
        return {one[3] or "" for one in found if one is not None and one[1] == month and one[2] == mark_of(kind)[:12]}

    async def _every(self) -> list[str]:
        return [] if self._files is None else await self._files.names(OWNER)

    async def names(self) -> list[str]:
        """The names of the files that count, the oldest month first."""
        every = await self._every()
        whole = {name for name in every if _NAME.fullmatch(name)}
        return [name for name in every if not any(one in whole for one in _above(name))]

    async def content(self, name: str) -> bytes | None:
        """One file, as Parquet; None where it went meanwhile."""
        return None if self._files is None else await self._files.get(OWNER, name)

    async def read(self, name: str, chosen: Chosen) -> AsyncIterator[Row]:
        """The chosen readings of one file. Raises StoreUnavailable where it is damaged."""
        content = await self.content(name)
        parts: Iterator[Sequence[Row]] = iter(()) if content is None else rows_of(content, chosen)
        with _named(name):
            while part := await asyncio.to_thread(next, parts, None):
                for row in part:
                    yield row

    async def forget(
        self, entity_id: str, attributes: Collection[str] | None = None, instances: Collection[str] | None = None
    ) -> int:
        """Take out what is about an entity, some attributes of it, or some instances; how many files were about it.
        Raises StoreUnavailable where one is damaged, when it was taken out of all others."""
        if self._files is None:
            return 0
        async with self._turn:
            found, mark, wanted = 0, mark_of(entity_id), Chosen(entity_id)
            damage: DamagedFile | None = None
            for name in [one for one in await self._every() if _may_hold(one, mark)]:
                content = await self._files.get(OWNER, name)
                try:
                    with _named(name):
                        if content is not None and await asyncio.to_thread(count, content, wanted) > 0:
                            found += 1
                            left = await asyncio.to_thread(without, content, entity_id, attributes, instances)
                            await self._leave_out(self._files, name, left)
                except DamagedFile as error:
                    damage = error
            if damage is not None:
                raise damage
            return found

    async def _leave_out(self, files: Files, name: str, left: bytes) -> None:
        if await asyncio.to_thread(count, left, Chosen()) > 0:
            await files.put_over(OWNER, name, left)  # it holds what others are that stand nowhere else
        else:
            await files.drop(OWNER, name)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Have damage be told with the file that has it, and how to mend it."""
    try:
        yield
    except DamagedFile as error:
        raise DamagedFile(
            f"The file {OWNER}/{name} is damaged: put back the one of a backup (machinami restore), or delete it"
        ) from error


def row_of(kind: str, one: Instance) -> Row:
    """A reading as a row of the closed months."""
    value = one.value
    at = to_micros(value.observed_at) if value.observed_at is not None else 0
    return (
        one.entity_id, kind, one.attribute, value.dataset_id or "", at, float(value.value), value.unit_code or "",
        value.instance_id or "",
    )  # fmt: skip


def mark_of(text: str) -> str:
    """By what the file of an entity is found. Added in this order, entities have each file written seldom."""
    return sha256(text.encode()).hexdigest()


def _name(month: str, kind: str, mark: str) -> str:
    return f"{month}-{mark_of(kind)[:12]}{'-' if mark else ''}{mark}.parquet"


def _place(marks: Collection[str], mark: str) -> str:
    """In which file an entity belongs: the one that has it, or that stands beside those that were split."""
    for end in range(len(mark)):
        begin = mark[:end]
        if begin in marks or not any(one.startswith(begin) for one in marks):
            return begin
    return mark


def _above(name: str) -> Iterator[str]:
    """The names of the files of which a file of this name would be a part."""
    found = _NAME.fullmatch(name)
    mark = "" if found is None else found[3] or ""
    if found is not None:
        for end in range(len(mark)):
            yield f"{found[1]}-{found[2]}{'-' if end else ''}{mark[:end]}.parquet"


def _may_hold(name: str, mark: str) -> bool:
    """Whether something of an entity may be in a file of this name."""
    old = _OF_AN_ENTITY.fullmatch(name)
    if old is not None:
        return old[1] == mark[:24]
    found = _NAME.fullmatch(name)
    return found is not None and mark.startswith(found[3] or "")
