"""What did a file say of which thing, at which moment? Applies a map to a table."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import InputError
from machinami.foundation.instant import format_instant
from machinami.foundation.urn import is_uri
from machinami.ingest.csv.cells import Fault, marks_of, plain, read_numbers
from machinami.ingest.csv.encoding import decode
from machinami.ingest.csv.mapping import ColumnRule, FileMap
from machinami.ingest.csv.parse import read_times
from machinami.ingest.csv.sheet import Sheet, folded, read_sheet
from machinami.ingest.csv.times import read_time
from machinami.model.reading import Reading

_UNSAFE = re.compile(r"[<>\"{}|\\^`%/?#]")


@dataclass(frozen=True, slots=True)
class Series:
    """What one column says, row by row: numbers (NaN: nothing) or texts (empty: nothing)."""

    rule: ColumnRule
    values: Sequence[float | str]


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a file says, in order of time: row i is of `entities[i]` at `moments[i]` and stands on `lines[i]`.

    facts: each thing's name and place. skipped: cells that cannot be read; their rows are left out. refused: how
    many values are outside of what the map calls plausible, by attribute and bound. missing: how many cells say
    nothing.
    """

    entity_type: str
    entities: Sequence[str]
    moments: Sequence[datetime]
    lines: Sequence[int]
    series: tuple[Series, ...]
    facts: tuple[Reading, ...]
    rows: int
    skipped: tuple[Fault, ...]
    refused: Mapping[str, int]
    missing: int
    notes: tuple[str, ...]

    def count(self) -> int:
        """How many readings there are, without names and places."""
        return sum(sum(said(value) for value in series.values) for series in self.series)

    def gaps(self) -> tuple[int, timedelta] | None:
        """How many steps between moments with a value are longer than the usual one (the median), and that one; None
        for few moments."""
        told = {
            m for series in self.series for m, value in zip(self.moments, series.values, strict=True) if said(value)
        }
        seconds = np.array(sorted(moment.timestamp() for moment in told))
        if len(seconds) < 3:
            return None
        steps = np.diff(seconds)
        usual = float(np.median(steps))
        return int((steps > 1.5 * usual).sum()), timedelta(seconds=usual)


def harvest(data: bytes, mapping: FileMap) -> Harvest:
    """Read a file by its map. Cells that cannot be read are in `skipped`; what concerns the whole file (encoding,
    columns, an id that is none) raises InputError."""
    wanted = [*mapping.time, *(rule.column for rule in mapping.values), *mapping.place_columns]
    text, used = decode(data, mapping.encoding, wanted)
    sheet = read_sheet(text, list(dict.fromkeys(wanted)), mapping.filled, mapping.skip)
    entities = _entities(sheet, mapping)
    seconds, faults, notes = read_times(sheet, mapping.time, mapping.zone, mapping.layout, entities)
    refused: Counter[str] = Counter()
    columns = [_column(sheet, rule, mapping.zone, faults) for rule in mapping.values]
    places = _places(sheet, mapping, faults)
    bad = {fault.line for fault in faults}
    good = np.array([line not in bad for line in sheet.lines], dtype=bool)
    keep, repairs = _in_order(seconds, entities, good)
    kept_seconds = [int(seconds[i]) for i in keep]
    known: dict[int, datetime] = {s: datetime.fromtimestamp(s, UTC) for s in set(kept_seconds)}
    series = tuple(
        Series(rule, _plausible(rule, [values[i] for i in keep], refused))
        for rule, values in zip(mapping.values, columns, strict=True)
    )
    moments = [known[s] for s in kept_seconds]
    return Harvest(
        entity_type=mapping.entity_type,
        entities=[entities[i] for i in keep],
        moments=moments,
        lines=[sheet.lines[i] for i in keep],
        series=series,
        facts=tuple(_facts(sheet, mapping, entities, places, keep, moments)),
        rows=len(sheet.lines),
        skipped=tuple(sorted(faults, key=lambda fault: fault.line)),
        refused=refused,
        missing=sum(sum(not said(value) for value in one.values) for one in series) - refused.total(),
        notes=(f"read as {used}", *sheet.notes, *notes, *repairs),
    )


def readings(found: Harvest) -> Iterator[Reading]:
    """Yield what the file says as readings, in order of time; names and places are in `facts`."""
    for i, (entity, moment) in enumerate(zip(found.entities, found.moments, strict=True)):
        for series in found.series:
            value = series.values[i]
            if said(value):
                yield Reading(entity, found.entity_type, series.rule.attribute, value, moment, series.rule.unit_code)


def said(value: float | str) -> bool:
    """Whether a value says something: NaN and the empty text do not."""
    return bool(value) if isinstance(value, str) else value == value


def _column(sheet: Sheet, rule: ColumnRule, zone: tzinfo, faults: list[Fault]) -> Sequence[float | str]:
    cells = sheet.columns[folded(rule.column)]
    if rule.kind == "text":
        return _texts(cells, sheet.lines, rule, faults)
    if rule.kind == "time":
        return _times(cells, sheet.lines, rule, zone, faults)
    numbers, wrong = read_numbers(cells, sheet.lines, rule.column, rule.missing, sheet.separator == ";")
    faults += wrong
    values: list[float] = numbers.tolist()
    if (rule.factor, rule.offset) != (1.0, 0.0):
        # Rounded at the 12th digit: what a factor adds behind it (0.1 · 3 = 0.30000000000000004) nobody has measured.
        values = [float(f"{value * rule.factor + rule.offset:.12g}") for value in values]
    return list[float | str](values)


def _texts(cells: Sequence[str], lines: Sequence[int], rule: ColumnRule, faults: list[Fault]) -> list[float | str]:
    """The texts, in the town's words where the map says them."""
    marks, found = marks_of(rule.missing), list[float | str]()
    for line, text in zip(lines, map(plain, cells), strict=True):
        said_there = "" if text.lower() in marks.words else text
        if said_there and rule.words and said_there not in rule.words:
            faults.append(Fault(line, rule.column, text, f"write it into words, beside {', '.join(rule.words)}"))
            said_there = ""
        found.append(rule.words.get(said_there, said_there))
    return found


def _times(
    cells: Sequence[str], lines: Sequence[int], rule: ColumnRule, zone: tzinfo, faults: list[Fault]
) -> list[float | str]:
    """The moments, as the town writes them. A time without an offset is of the map's zone."""
    marks, found = marks_of(rule.missing), list[float | str]()
    for line, text in zip(lines, map(plain, cells), strict=True):
        moment: datetime | None = None
        if text and text.lower() not in marks.words:
            try:
                moment = read_time(text)
            except ValueError:
                faults.append(Fault(line, rule.column, text, "write a time as 2026-06-30 09:00"))
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        found.append("" if moment is None else format_instant(moment.astimezone(UTC)))
    return found


def _plausible(rule: ColumnRule, values: Sequence[float | str], refused: Counter[str]) -> Sequence[float | str]:
    """The values, those outside of what the map calls plausible taken out and counted."""
    judged = list(values)
    for i, value in enumerate(values):
        if isinstance(value, str):
            continue
        if value < rule.smallest:
            refused[f"{rule.attribute} below {rule.smallest:g}"] += 1
        elif value > rule.largest:
            refused[f"{rule.attribute} above {rule.largest:g}"] += 1
        else:
            continue
        judged[i] = np.nan
    return judged


def _entities(sheet: Sheet, mapping: FileMap) -> list[str]:
    """The id of each row; InputError where one is no URI."""
    filled = _filling(sheet, mapping)
    known: dict[tuple[str, ...], str] = {}
    found = []
    for row in zip(*filled.values(), strict=True) if filled else [()] * len(sheet.lines):
        if row not in known:
            known[row] = _identity(mapping.entity, dict(zip(filled, row, strict=True)))
        found.append(known[row])
    return found


def _filling(sheet: Sheet, mapping: FileMap) -> dict[str, Sequence[str]]:
    """What fills each name in braces, row by row: a column, or what stands above the header."""
    found: dict[str, Sequence[str]] = {}
    for name in mapping.filled:
        key = folded(name)
        if key in sheet.columns:
            found[name] = [plain(cell) for cell in sheet.columns[key]]
        elif key in sheet.preamble:
            found[name] = [sheet.preamble[key]] * len(sheet.lines)
        else:
            there = ", ".join(sheet.preamble) or "nothing"
            raise InputError(
                f"{{{name}}} in [entity] is no column of the file; above the header stand: {there}", column=name
            )
    return found


def _identity(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        if f"{{{name}}}" in template and not value:
            raise InputError(f"{{{name}}} in the id is empty in a row; fill it in, or use another column", column=name)
        safe = _UNSAFE.sub(lambda found: quote(found[0], safe=""), re.sub(r"\s+", "-", value))
        template = template.replace(f"{{{name}}}", safe)
    if not is_uri(template):
        raise InputError(f"the id {template!r} is no URI; write it as urn:ngsi-ld:RiverGauge:{{column}}", id=template)
    return template


def _places(sheet: Sheet, mapping: FileMap, faults: list[Fault]) -> list[tuple[float, float] | None]:
    columns = [sheet.columns[folded(name)] for name in mapping.place_columns]
    if not columns:
        return [mapping.place] * len(sheet.lines)
    if len(columns) == 1:  # one column holds "latitude, longitude"
        parts = [re.split(r"[,\s]+", plain(cell), maxsplit=1) for cell in columns[0]]
        columns = [[p[1] if len(p) > 1 else "" for p in parts], [p[0] for p in parts]]
    names = mapping.place_columns if len(mapping.place_columns) == 2 else mapping.place_columns * 2
    degrees: list[NDArray[np.float64]] = []
    for name, cells in zip(names, columns, strict=True):
        numbers, wrong = read_numbers(cells, sheet.lines, name)
        degrees.append(numbers)
        faults += wrong
    found: list[tuple[float, float] | None] = []
    for line, longitude, latitude in zip(sheet.lines, *(d.tolist() for d in degrees), strict=True):
        outside = abs(longitude) > 180 or abs(latitude) > 90
        if outside:
            cure = "is not on earth; in the map the longitude comes first"
            faults.append(Fault(line, "+".join(mapping.place_columns), f"{longitude}, {latitude}", cure))
        found.append(None if outside or longitude != longitude or latitude != latitude else (longitude, latitude))
    return found


def _facts(
    sheet: Sheet,
    mapping: FileMap,
    entities: Sequence[str],
    places: Sequence[tuple[float, float] | None],
    keep: Sequence[int],
    moments: Sequence[datetime],
) -> Iterator[Reading]:
    """Each thing's name and place, as its last row says, observed at its first."""
    first: dict[str, datetime] = {}
    last: dict[str, int] = {}
    for i, moment in zip(keep, moments, strict=True):
        first.setdefault(entities[i], moment)
        last[entities[i]] = i
    filled = _filling(sheet, mapping)
    for entity, i in last.items():
        names = {}
        for language, text in mapping.names.items():
            for name, values in filled.items():
                text = text.replace(f"{{{name}}}", values[i])
            names[language] = text
        if names:
            yield Reading(entity, mapping.entity_type, "name", names, first[entity], None, "LanguageProperty")
        place = places[i]
        if place is not None:
            point = {"type": "Point", "coordinates": [place[0], place[1]]}
            yield Reading(entity, mapping.entity_type, "location", point, first[entity], None, "GeoProperty")


def _in_order(
    seconds: NDArray[np.int64], entities: Sequence[str], good: NDArray[np.bool_]
) -> tuple[list[int], list[str]]:
    """The rows to keep in order of time, of several of one thing at one time the last; and notes."""
    last = {(int(seconds[i]), entities[i]): i for i in range(len(entities)) if good[i]}
    keep = sorted(last.values(), key=lambda i: (seconds[i], i))
    notes = []
    if any(later < earlier for earlier, later in pairwise(keep)):
        notes.append("rows were not in order of time; they were sorted")
    repeated = int(good.sum()) - len(keep)
    if repeated:
        notes.append(f"{repeated} rows repeat a time; the last one of each stands")
    return keep, notes
