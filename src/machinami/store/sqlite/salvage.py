"""What can still be read of a damaged file, and how does it become a whole one?

Everything that can be read goes into a new file, which takes the place of the damaged one; that one is kept beside it
as it was. The state is made anew: from its own rows, and from the log wherever the log knows better.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import orjson

from machinami.foundation.errors import MachinamiError, StoreUnavailable
from machinami.foundation.instant import format_instant
from machinami.model.change import Change, Verb
from machinami.model.document import entity_from_document, entity_to_document
from machinami.model.entity import Entity
from machinami.store.encoding import encode, husk_of
from machinami.store.protocol import SET_ASIDE
from machinami.store.settings import StoreSettings
from machinami.store.sqlite import first_page
from machinami.store.sqlite.audit import disagreements
from machinami.store.sqlite.connection import migrate, migrations, open_connection, read
from machinami.store.sqlite.fold import Fold
from machinami.store.sqlite.hot import Husk
from machinami.store.sqlite.log import read_log
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.readable import Gap, Row, Table, rows
from machinami.store.sqlite.rebuilding import rebuild
from machinami.store.sqlite.runs import Runs, Step
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.values import ValueIndexes

_TOGETHER = 1_000
_SERIALS = 20


def _is_object(doc: object) -> bool:
    try:
        return isinstance(orjson.loads(doc), dict)  # type: ignore[arg-type]
    except (orjson.JSONDecodeError, TypeError):
        return False


_TABLES = (
    Table("name", "id, text", fits=lambda row: isinstance(row[1], str)),
    Table("shape", "id, text", fits=lambda row: isinstance(row[1], str)),
    Table("log", "seq, doc, was, prev", fits=lambda row: _is_object(row[1])),
    Table(
        "history", "subject, attribute, time, serial, observed, deleted, created, modified, number, doc",
        fits=lambda row: all(isinstance(one, int) for one in row[:6]), order="subject, attribute, time, serial",
    ),
    Table("record", "kind, key, doc", numbered=False),
)  # fmt: skip


@dataclass(slots=True)
class Salvaged:
    """What came of it. kept: where the damaged file is; lost: sentences about what could not be read; records: kind and
    key of records that were there and cannot be read; gaps: where the history cannot be read; rows: how many there are
    now, by table."""

    kept: Path
    lost: list[str] = field(default_factory=list)
    records: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)


def salvage(path: Path, settings: StoreSettings, stamp: str) -> Salvaged:
    """Make a whole file of what can be read of a damaged one that nobody has open. stamp: names what is kept.

    A crash leaves the damaged file in its place, or the whole one. Raises StoreUnavailable where nothing can be read at
    all: then everything is as it was.
    """
    kept = path.with_name(f"{path.name}.damaged-{stamp}")
    if first_page.can_be_read(path, settings):
        return _read_out(path, settings, Salvaged(kept), stamp)
    before = first_page.put_back(path)
    if before is None or not first_page.can_be_read(path, settings):
        if before is not None:
            first_page.write(path, before)
        raise StoreUnavailable(
            f"{path} does not begin as a town's file does: its first page is damaged, or it is encrypted and its key "
            "is not here; restore a copy, or put back the key",
            path=str(path),
        )
    try:
        found = _read_out(path, settings, Salvaged(kept, ["the first page cannot be read; a copy of it was"]), stamp)
    except StoreUnavailable:
        first_page.write(path, before)
        raise
    kept.with_name(f"{kept.name}-first").write_bytes(before)
    return found


def _read_out(path: Path, settings: StoreSettings, found: Salvaged, stamp: str) -> Salvaged:
    made = path.with_suffix(".salvaged")
    for left in _files(made):
        left.unlink(missing_ok=True)
    try:
        target = open_connection(made, settings, write=True)
        try:
            migrate(target, made, migrations())
            source = open_connection(path, settings, write=True)
            try:
                _copy(source, target, found, stamp)
            finally:
                source.close()
            read(target, SQL.checkpoint_all)
        finally:
            target.close()
    except (apsw.Error, OSError) as error:
        raise StoreUnavailable(f"{path} is damaged, and cannot be read out: {error}", path=str(path)) from error
    _change_places(path, made, found.kept)
    first_page.keep(path)
    return found


def examine(path: Path, settings: StoreSettings) -> list[str]:
    """Sentences about what is wrong with a file; none if all is well. Reads all of it, and changes nothing."""
    try:
        connection = open_connection(path, settings, write=True)
    except StoreUnavailable as error:
        return [error.detail]
    try:
        found = Salvaged(path)
        for table in _TABLES:
            for _ in _whole_rows(connection, connection, table, found):
                pass
        found.lost += [f"the record {kind} {key} cannot be read" for kind, key in found.records]
        if not found.lost:
            found.lost += disagreements(connection)
    except (apsw.Error, ValueError) as error:
        found.lost.append(f"SQLite: {error}")
    finally:
        connection.close()
    return found.lost


def _files(path: Path) -> list[Path]:
    return [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]


def _change_places(path: Path, made: Path, kept: Path) -> None:
    for old in _files(path):
        if old.exists():
            os.replace(old, kept.with_name(kept.name + old.name.removeprefix(path.name)))
    os.replace(made, path)
    for left in _files(made):
        left.unlink(missing_ok=True)


def _copy(source: apsw.Connection, target: apsw.Connection, found: Salvaged, stamp: str) -> None:
    with target:
        for table in _TABLES:
            _copy_table(source, target, table, found)
        settled = _first(source, SQL.settled)
        places = _rebuild(source, target, found)
        last = read(target, SQL.last_seq)[0][0]
        upto = last if settled is None else min(settled, last)
        _remake(target, places, found, upto)
        target.execute(SQL.set_settled, (upto,))
        target.execute(SQL.set_state, (last,))
        for number, what in enumerate(found.lost):
            note = encode({"what": what, "file": found.kept.name, "at": stamp})
            target.execute(SQL.put_record, (SET_ASIDE, f"{stamp}-{number:04}", note))
        for kind, key in found.records:
            note = encode({"kind": kind, "record": key, "file": found.kept.name, "at": stamp})
            target.execute(SQL.put_record, (SET_ASIDE, f"{stamp}-{kind}-{key}", note))


def _first(connection: apsw.Connection, sql: str) -> int | None:
    try:
        found: int | None = read(connection, sql)[0][0]
    except (apsw.Error, IndexError):
        return None
    return found


def _copy_table(source: apsw.Connection, target: apsw.Connection, table: Table, found: Salvaged) -> None:
    add = f"INSERT OR IGNORE INTO {table.name} ({table.columns}) VALUES ({', '.join('?' * _width(table))})"
    found.rows[table.name] = 0
    for row in _whole_rows(source, target, table, found):
        target.execute(add, row)
        found.rows[table.name] += 1


def _whole_rows(source: apsw.Connection, other: apsw.Connection, table: Table, found: Salvaged) -> Iterator[Row]:
    """The rows of a table that are as they must be; of the others it is noted that they are lost."""
    bad = 0
    gaps: list[Gap] = []
    for row in rows(source, table, gaps):
        if table.name == "record" and not _is_object(row[2]):
            found.records.append((str(row[0]), str(row[1])))
        elif table.fits(row) and (table.name != "log" or _is_jsonb(other, row[2])):
            yield row
        else:
            bad += 1
            gaps += [Gap(row[0], row[0]) if isinstance(row[0], int) else Gap(None)] if table.name == "history" else []
    if table.name == "history":
        found.gaps = gaps
    if bad or gaps:
        what = f"{bad} rows and {len(gaps)} stretches of {table.name}"
        found.lost.append(f"{what} cannot be read" + "".join(f" (after {gap.after})" for gap in gaps[:5]))


def _is_jsonb(connection: apsw.Connection, doc: bytes | None) -> bool:
    try:
        read(connection, "SELECT json(?)", (doc,))
    except apsw.Error:
        return False
    return True


def _width(table: Table) -> int:
    return table.columns.count(",") + 1


@dataclass(slots=True)
class _Place:
    """Where an entity is, and what it is: its JSON, None where only its types are left."""

    key: int
    subject: int
    head: Entity
    doc: bytes | None


def _remake(target: apsw.Connection, places: Mapping[str, "_Place"], found: Salvaged, upto: int) -> None:
    """The history that cannot be read, from the log as far as it goes."""
    if not found.gaps:
        return
    subjects = {entity_id: place.subject for entity_id, place in places.items()}
    made = rebuild(target, read_log(target, 0), subjects, found.gaps, upto)
    found.rows["history"] += made
    first = list(read_log(target, 0, 1))
    since = f"begins {format_instant(first[0].at)}" if first else "is empty"
    found.lost.append(
        f"of the history, {made} instances came back from the log, which {since}; what is older is in the backups: "
        "machinami restore"
    )


@dataclass(slots=True)
class _Told:
    """What the log says of the state: the last change of each entity, under which subject the history has it, and from
    which change on the log has no gap, so that its word is the last."""

    changes: dict[str, Change] = field(default_factory=dict)
    subjects: dict[str, int] = field(default_factory=dict)
    whole_from: int = 0


def _rebuild(source: apsw.Connection, target: apsw.Connection, found: Salvaged) -> "dict[str, _Place]":
    """The state, from its rows and from the log."""
    places = _read_state(source, found)
    keys = {place.key for place in places.values()}
    top = max(keys, default=0)
    shown = _first(source, SQL.settled_state) or 0
    told = _told(target, found, _subjects(target, places), shown)
    for entity_id, change in told.changes.items():
        known = places.get(entity_id)
        if known is None:
            subject = told.subjects.get(entity_id, 0)
            key = subject if subject and subject not in keys else top + 1  # as it was, most likely
            keys.add(key)
            top = max(top, key)
            known = _Place(key, subject or key, husk_of(change.after or change.before or Entity("", ())), None)
        elif change.seq < told.whole_from and change.seq <= shown:
            continue  # the row may show a later change, which cannot be read
        if change.after is not None:
            doc = encode(entity_to_document(change.after))
            places[entity_id] = _Place(known.key, known.subject, change.after, doc)
        elif change.before is not None:
            places[entity_id] = _Place(known.key, known.subject, husk_of(change.before), None)
    _lay(target, places)
    found.rows["entity"] = len(places)
    return places


def _told(target: apsw.Connection, found: Salvaged, subjects: Mapping[int, int], shown: int) -> _Told:
    """What the log says. subjects: under which subject the history has what a change said; shown: up to which change
    the state was."""
    told, last = _Told(), -1
    for change in _readable(target, found):
        if change.seq != last + 1:
            told.whole_from = change.seq
        last = change.seq
        if change.after is not None or change.verb is Verb.DELETED:
            told.changes[change.entity_id] = change
        if change.seq in subjects:
            told.subjects.setdefault(change.entity_id, subjects[change.seq])
    if last < shown:
        told.whole_from = shown + 1
    return told


def _read_state(source: apsw.Connection, found: Salvaged) -> dict[str, _Place]:
    places: dict[str, _Place] = {}
    gaps: list[Gap] = []
    bad: list[str] = []
    for key, entity_id, subject, gone, raw in rows(source, Table("entity", "key, id, subject, gone, doc"), gaps):
        try:
            ((text,),) = read(source, "SELECT CAST(json(?) AS BLOB)", (raw,))
            entity = entity_from_document(orjson.loads(text))
            head = husk_of(entity)
            whole = entity.id == entity_id and isinstance(key, int) and isinstance(subject, int)
        except (apsw.Error, ValueError, LookupError, TypeError, AttributeError, MachinamiError):
            whole = False
        if not whole:
            bad.append(str(entity_id))
            continue
        places[entity_id] = _Place(key, subject, head if gone else entity, None if gone else text)
    if bad or gaps:
        found.lost.append(
            f"{len(bad)} rows and {len(gaps)} stretches of entity cannot be read; what the log knows of them is there"
            + "".join(f" ({name})" for name in bad[:5])
        )
    return places


def _subjects(target: apsw.Connection, places: dict[str, _Place]) -> dict[int, int]:
    """Under which subject the history has what a change said, where no entity has that subject any more."""
    known = {place.subject for place in places.values()}
    rows = target.execute("SELECT DISTINCT subject, serial >> ? FROM history", (_SERIALS,))
    return {seq: subject for subject, seq in rows if subject not in known}


def _readable(target: apsw.Connection, found: Salvaged) -> Iterator[Change]:
    skipped: list[int] = []
    yield from read_log(target, 0, skipped=skipped)
    if skipped:
        found.lost.append(f"{len(skipped)} changes of the log lean on what cannot be read: {skipped[:5]}")
        target.executemany("DELETE FROM log WHERE seq = ?", [(seq,) for seq in skipped])


def _lay(target: apsw.Connection, places: dict[str, _Place]) -> None:
    """Every table of the state, from the entities."""
    names = Names(target)
    fold = Fold(target, names, ValueIndexes())
    ordered: Sequence[tuple[str, _Place]] = sorted(places.items(), key=lambda one: one[1].key)
    for start in range(0, len(ordered), _TOGETHER):
        runs = Runs()
        for entity_id, place in ordered[start : start + _TOGETHER]:
            if place.doc is None:
                fold.leave_husk(Husk(place.key, place.subject), place.head, new=True)
            else:
                runs.take(entity_id, Step(place.key, place.subject, None, place.head, place.doc, True, True))
        fold.lay(runs)
        fold.spill()
    names.write(target)
