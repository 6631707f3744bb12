"""How does a town get into an archive, and stay up to date there while it is written to?

A base is the whole file, piece by piece, read while the town goes on. Pages that are moved into it meanwhile are mended
by the records, which begin with the write-ahead log that was in use when the base was begun: so a base and the records
from there to any that was written after it are the town as it was at that commit.
"""

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from math import ceil, floor
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import orjson

from machinami.app.backups.journal import Entry, Writing, all_places
from machinami.app.backups.vault import PIECE, Vault
from machinami.app.durable import read_json, write_json
from machinami.foundation.errors import MachinamiError, StoreUnavailable
from machinami.store.files import FOLDER as FILES
from machinami.store.sqlite.connection import PAGE
from machinami.store.sqlite.shipping import Mark, changed_pages, observe

LEFT = "backup.json"
_LOG = logging.getLogger("machinami.backup")
_PER_PIECE = PIECE // PAGE
_PATIENCE, _AGAIN = 10.0, 0.1  # seconds that a move of the log waits for the archive
T = TypeVar("T")
Files = dict[str, list[Any]]
"""The files of a town's services: by owner/name, their bytes, when they were written (ns), and their pieces."""


@dataclass(slots=True)
class State:
    """How a copy fares. until: the moment up to which the archive has everything; base_at: when the last base was
    complete; fault: why it is not going on, empty while it is."""

    until: float = 0.0
    seq: int = 0
    base: int = 0
    base_at: float = 0.0
    base_bytes: int = 0
    taken: int = 0
    fault: str = ""


@dataclass(slots=True)
class Base:
    """A copy of the whole: its number, when it was complete, the records from which (first) and up to which (last) it
    needs, how many bytes the file had, and its pieces."""

    number: int
    at: float
    seq: int
    first: int
    last: int
    size: int
    taken: int
    pieces: list[str]
    files: Files
    house: dict[str, Any] = field(default_factory=dict)


def bases_folder(vault: Vault, town: str) -> Path:
    """Where the bases of a town lie."""
    return vault.folder / "towns" / town / "bases"


def base_numbers(vault: Vault, town: str) -> list[int]:
    """The numbers of the bases that there are, in order."""
    return sorted(int(one.stem) for one in bases_folder(vault, town).glob("*.base"))


def base_name(town: str, number: int) -> str:
    """What the document of a base is called in its archive."""
    return f"towns/{town}/bases/{number:08}.base"


class TownCopy:
    """The copy of one open town. clock: seconds since 1970; last_seq: the last change of the town's log; permitted:
    whether this installation may still write there, asked before each record.

    All that touches the archive happens in a thread of its own: where the archive does not answer, the town goes on.
    """

    def __init__(
        self,
        vault: Callable[[], Vault],
        town: str,
        path: Path,
        clock: Callable[[], float],
        last_seq: Callable[[], int],
        permitted: Callable[[Vault], bool] = lambda vault: True,
    ) -> None:
        self.town = town
        self.path = path
        self.state = State()
        self._find_vault = vault
        self._clock = clock
        self._last_seq = last_seq
        self._permitted = permitted
        self._thread = ThreadPoolExecutor(1, "backup")
        self._missed = False
        self._shipping: Future[None] | None = None
        self._files: Files = {}
        self._folders: dict[str, int] = {}
        self._touched: dict[int, int] = {}  # the last record that changed a piece
        self._last: Base | None = None
        self._leads_on = False  # whether a base and the records lead to now
        self._at: Mark | None = None  # None: what comes does not follow what is there
        self._began = 0  # the first record of the log that is in use; 0: not known
        self._vault: Vault | None = None
        self._writing: Writing

    @property
    def _number(self) -> int:
        return self._writing.last.entry.number if self._writing.last else 0

    @property
    def needs_base(self) -> bool:
        """Whether what is committed leads on from no base that is there."""
        return not self._leads_on

    def _prepare(self) -> Vault:
        """Look at what the archive has, and whether what comes goes on from there."""
        vault = self._find_vault()
        self._writing = Writing(vault, self.town)
        self._at = self._left_at(vault)
        self._began = 0 if self._at is not None and self._at.frames else self._number + 1
        if numbers := base_numbers(vault, self.town):
            last = vault.read(base_name(self.town, numbers[-1]))
            self._files = last["files"]
            self.state.base, self.state.base_at, self.state.base_bytes = numbers[-1], last["at"], last["taken"]
            breaks = [one.entry.number for one in all_places(vault, self.town, last["last"] + 1) if one.entry.fresh]
            self._leads_on = self._at is not None and not breaks
        return vault

    def _left_at(self, vault: Vault) -> Mark | None:
        """Where the last run of the program left off, if nobody has changed the town since."""
        last = self._writing.last
        if last is None:
            return None
        left = read_json(self.path.with_name(LEFT)) or {}
        facts = self.path.stat()
        if left == _left(vault, last.entry.number, facts.st_size, facts.st_mtime_ns):
            return Mark()
        now = observe(self.path)  # it was killed: is the log the one that was read, and goes it on?
        if now.salts.hex() == last.entry.salts and now.frames >= last.entry.frames > 0:
            return Mark(now.salts, last.entry.frames, last.entry.size)
        return None

    # what is committed

    def ship(self, patience: float = _PATIENCE) -> None:
        """Have the archive know all that is committed by now; where it does not answer in time, what is moved into the
        file meanwhile is missed, and another base mends it."""
        wait = _AGAIN if self._missed else patience
        try:
            if self._shipping is not None:  # one at a time: an archive that hangs for days shall not gather them
                self._shipping.result(wait)
            self._shipping = self._thread.submit(self._ship_or_say)
            self._shipping.result(wait)
        except TimeoutError:
            self._missed = True
            self.state.fault = "the archive does not answer"

    def _ship_or_say(self) -> None:
        missed, self._missed = self._missed, False
        try:
            if missed:
                self._break_off()
            self._vault = self._vault or self._prepare()
            self._ship(self._vault)
            self.state.fault = ""
        except (OSError, MachinamiError) as error:
            if not self.state.fault:
                _LOG.error("the backup of %s does not go on: %s", self.town, error)
            self.state.fault = str(error)
            self._break_off()

    def _break_off(self) -> None:
        self._at, self._leads_on, self._last = None, False, None

    def _ship(self, vault: Vault) -> None:
        if not self._permitted(vault):
            raise StoreUnavailable("another machine has taken over, and writes to this archive")
        until, seq = floor(self._clock() * 1_000) / 1_000, self._last_seq()  # never later than it was
        mark = observe(self.path)
        now = ceil(self._clock() * 1_000) / 1_000  # afterwards: a record holds nothing that is later than its moment
        at, fresh = self._at or Mark(), self._at is None
        if mark.salts and mark.salts != at.salts:
            fresh = fresh or bool(at.salts and not mark.is_next_after(at))
            self._began, at = self._number + 1, Mark(mark.salts)
        elif fresh:
            self._began = self._number + 1
        pages = changed_pages(self.path, at.frames, mark) if mark.salts else {}
        if pages and observe(self.path).salts != mark.salts:
            raise StoreUnavailable("the write-ahead log began anew while it was read")
        files = self._look_at_files(vault)
        if pages or files or fresh:
            size = mark.pages if mark.salts else self.path.stat().st_size // PAGE
            before = self._writing.last.digest if self._writing.last else ""
            entry = Entry(
                self._number + 1, now, seq, size, len(pages), len(files), fresh, mark.salts.hex(), mark.frames, before
            )  # fmt: skip
            self.state.taken += self._writing.add(entry, pages, files)
            for number in pages:
                self._touched[(number - 1) // _PER_PIECE] = entry.number
        self._at = mark if mark.salts else (self._at or Mark())
        if fresh:
            self._leads_on, self._last = False, None
        self.state.until, self.state.seq = until, seq
        write_light(until_path(vault, self.town), {"at": until, "seq": seq, "record": self._number})

    def _look_at_files(self, vault: Vault) -> dict[str, Any]:
        """What became of the files of the town's services since the last look; their contents are kept first."""
        folder = self.path.parent / FILES
        changed: dict[str, Any] = {}
        present = {one.name: one.stat().st_mtime_ns for one in folder.iterdir()} if folder.is_dir() else {}
        for owner in present.keys() | self._folders.keys():
            if present.get(owner) == self._folders.get(owner):
                continue
            there: Files = {}
            for one in sorted((folder / owner).glob("*")):
                name = f"{owner}/{one.name}"
                if one.suffix != ".new":
                    with suppress(FileNotFoundError):  # dropped just now
                        there[name] = self._kept(vault, one, self._files.get(name))
                        if there[name] is not self._files.get(name):
                            changed[name] = there[name]
            gone = {name for name in self._files if name.startswith(owner + "/")} - there.keys()
            changed |= dict.fromkeys(gone)
            self._files = {name: kept for name, kept in self._files.items() if name not in gone} | there
        self._folders = present
        return changed

    def _kept(self, vault: Vault, path: Path, known: list[Any] | None) -> list[Any]:
        facts = path.stat()
        if known is not None and known[:2] == [facts.st_size, facts.st_mtime_ns]:
            return known
        names, taken = vault.put_content(path.read_bytes())
        self.state.taken += taken
        return [facts.st_size, facts.st_mtime_ns, names]

    def end(self) -> None:
        """Copy no more of a town that goes on."""
        self._thread.submit(self._let_archive_go)
        self._thread.shutdown(wait=not self._missed)

    def _let_archive_go(self) -> None:
        if self._vault is not None:
            self._writing.close()

    def let_go(self) -> None:
        """Note how the file was left, so that the next run goes on from here."""
        self._thread.submit(self._note_left)
        self._thread.shutdown(wait=not self._missed)

    def _note_left(self) -> None:
        if self._vault is None:
            return
        self._writing.close()
        if self._at is not None and not self.state.fault:
            facts = self.path.stat()
            write_json(self.path.with_name(LEFT), _left(self._vault, self._number, facts.st_size, facts.st_mtime_ns))

    # the whole

    def base(self, house: Callable[[Vault], Any], progress: Callable[[int, int], None] = lambda done, of: None) -> Base:
        """Copy the whole; only what is not in the archive yet takes room there. house: puts what else belongs to it.
        Raises StoreUnavailable."""
        try:
            return self._base(house, progress)
        except OSError as error:
            raise StoreUnavailable(f"The backup of {self.town} was broken off: {error.strerror}") from error

    def _base(self, house: Callable[[Vault], Any], progress: Callable[[int, int], None]) -> Base:
        first, earlier, taken = self._inside(lambda: (self._began or self._first_known(), self._last, self.state.taken))
        vault = self._vault
        assert vault is not None
        pieces: list[str] = []
        with self.path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size
            for start in range(0, whole, PIECE):
                pieces.append(self._piece(vault, file, start, whole, earlier))
                progress(min(start + PIECE, whole), whole)
        kept = house(vault)

        def note() -> Base:
            number = max(base_numbers(vault, self.town), default=0) + 1
            room, state, last = self.state.taken - taken, self.state, self._writing.last
            at = max(state.until, last.entry.at if last else 0.0)
            made = Base(number, at, state.seq, first, self._number, whole, room, pieces, dict(self._files), kept)
            vault.write(base_name(self.town, number), asdict(made))
            self._last, self._leads_on = made, True
            state.base, state.base_at, state.base_bytes = number, made.at, room
            return made

        return self._inside(note)

    def _inside(self, work: Callable[[], T]) -> T:
        """Do something in the copy's own thread, when all is shipped."""

        def both() -> T:
            self._ship_or_say()
            if self.state.fault:
                raise StoreUnavailable(f"The backup of {self.town} cannot be made: {self.state.fault}")
            return work()

        return self._thread.submit(both).result()

    def _first_known(self) -> int:
        """The first record that may hold what is not in the file yet, where the log was begun before this run."""
        assert self._vault is not None
        numbers = base_numbers(self._vault, self.town)
        return int(self._vault.read(base_name(self.town, numbers[-1]))["first"]) if numbers else 1

    def _piece(self, vault: Vault, file: BinaryIO, start: int, whole: int, earlier: Base | None) -> str:
        """The name of a piece, read and put unless no record has changed it since an earlier base of this run began."""
        number = start // PIECE
        if earlier is not None and start + PIECE <= min(whole, earlier.size):
            name = earlier.pieces[number]
            if self._touched.get(number, 0) < earlier.first and vault.has_piece(name):
                return name
        file.seek(start)
        name, room = vault.put_piece(file.read(PIECE))
        self.state.taken += room
        return name


def until_path(vault: Vault, town: str) -> Path:
    """Where it stands how far the archive is."""
    return vault.folder / "towns" / town / "until.json"


def write_light(path: Path, document: Any) -> None:
    """Put a document that is written again soon: at once, but not synced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(path.name + ".new")
    made.write_bytes(orjson.dumps(document))
    os.replace(made, path)


def _left(vault: Vault, record: int, size: int, written: int) -> dict[str, Any]:
    return {"archive": vault.identity, "record": record, "size": size, "written": written}
