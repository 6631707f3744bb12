"""Which column of a table is which attribute of which thing? Reads MAP.toml and applies it to a file.

encoding = "cp932"                      # where it cannot be told from the file
skip_rows = 0
[time]
columns = ["観測時刻"]                   # several are joined by a space
zone = "Asia/Tokyo"                     # not needed where the data say their offset
layout = "%d/%m/%Y %H:%M"               # only for what is not read without it
zone_column = "tz_cd"                   # a column that says EST, JST, +09:00
[entity]
type = "RiverGauge"
id = "urn:ngsi-ld:RiverGauge:{観測局}"   # {column} is filled in from each row
[location]                              # or latitude_column and longitude_column
latitude = 34.05
longitude = 131.31
[[attributes]]
column = "水位"
name = "waterLevel"
unit = "cm"                             # as in the file
to = "m"                                # as stored; left out: as in the file
factor = 1.0                            # any further factor
missing = ["0.00"]
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from machinami.foundation.errors import InputError, MachinamiError
from machinami.foundation.units import converted, unit_of
from machinami.ingest.csv.cells import marks_of, plain, read_number
from machinami.ingest.csv.encoding import decode
from machinami.ingest.csv.parse import Sheet, read_sheet, read_times
from machinami.model.reading import Reading

_KEYS: Mapping[str, frozenset[str]] = {
    "": frozenset({"encoding", "skip_rows", "time", "entity", "location", "attributes"}),
    "time": frozenset({"columns", "zone", "layout", "zone_column"}),
    "entity": frozenset({"type", "id"}),
    "location": frozenset({"latitude", "longitude", "latitude_column", "longitude_column"}),
    "attributes": frozenset({"column", "name", "unit", "to", "factor", "missing", "kind"}),
}


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """One column and the attribute it becomes; `kind` is number or text."""

    column: str
    name: str
    unit: str
    to: str
    factor: float
    missing: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class FileMap:
    """What MAP.toml says. `place` holds a fixed (latitude, longitude), `place_columns` those of each row."""

    time: tuple[str, ...]
    zone: tzinfo
    layout: str
    zone_column: str
    entity_type: str
    entity_id: str
    attributes: tuple[MappedColumn, ...]
    place: tuple[float, float] | None
    place_columns: tuple[str, str] | None
    encoding: str
    skip_rows: int


def read_mapping(text: str, file: str = "MAP.toml") -> FileMap:
    """Read a mapping; InputError names the key that is wrong and what to write."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not TOML: {error}") from None
    _refuse_unknown(data, file)
    time, entity, location = (_table(data, key, file) for key in ("time", "entity", "location"))
    columns = time.get("columns", [])
    if isinstance(columns, str):
        columns = [columns]
    return FileMap(
        time=tuple(_texts(columns, "time.columns", file)),
        zone=_zone(str(time.get("zone", "UTC")), file),
        layout=str(time.get("layout", "")),
        zone_column=str(time.get("zone_column", "")),
        entity_type=_text(entity, "type", "entity", file),
        entity_id=_text(entity, "id", "entity", file),
        attributes=tuple(_column(row, file) for row in _rows(data, file)),
        place=_place(location, file),
        place_columns=_place_columns(location, file),
        encoding=str(data.get("encoding", "")),
        skip_rows=int(data.get("skip_rows", 0)),
    )


def read_readings(data: bytes, mapping: FileMap) -> Iterator[Reading]:
    """Yield the readings of a file in its order; a cell without a measurement yields nothing.

    Raises InputError with line, column, value and cure at the first cell that cannot be read; the whole
    file is checked for times before the first reading comes.
    """
    text, _ = decode(data, mapping.encoding)
    filled = re.findall(r"\{([^}]+)\}", mapping.entity_id)
    wanted = [*mapping.time, *filled, *(column.column for column in mapping.attributes)]
    wanted += list(mapping.place_columns or ()) + ([mapping.zone_column] if mapping.zone_column else [])
    sheet = read_sheet(text, wanted, mapping.skip_rows)
    seconds, _ = read_times(sheet, mapping.time, mapping.zone, mapping.layout, mapping.zone_column)
    cells = {name: sheet.column(plain(name)) for name in wanted}
    located: set[str] = set()
    for row in range(len(sheet.rows)):
        moment = datetime.fromtimestamp(int(seconds[row]), UTC)
        identity = _identity(mapping.entity_id, filled, cells, row)
        if identity not in located:
            located.add(identity)
            yield from _location(mapping, sheet, cells, row, identity, moment)
        for column in mapping.attributes:
            value = _value(column, cells[column.column][row], sheet.lines[row])
            if value is not None:
                code = unit_of(column.to or column.unit).code if column.unit else None
                yield Reading(identity, mapping.entity_type, column.name, value, moment, code)


def _value(column: MappedColumn, cell: str, line: int) -> float | str | None:
    marks = marks_of(column.missing)
    if column.kind == "text":
        text = plain(cell)
        return None if text.lower() in marks.words else text
    try:
        value = read_number(cell, marks)
    except ValueError:
        raise InputError(
            f"line {line}, column {column.column}: {cell!r} is not a number; mend it, or add it to `missing`",
            line=line,
            column=column.column,
            value=cell,
        ) from None
    if value != value:
        return None
    if column.to:
        value = converted(value, column.unit, column.to)
    return value * column.factor


def _identity(pattern: str, filled: list[str], cells: Mapping[str, list[str]], row: int) -> str:
    for name in filled:
        pattern = pattern.replace("{" + name + "}", re.sub(r"\s+", "-", plain(cells[name][row])))
    return pattern


def _location(
    mapping: FileMap, sheet: Sheet, cells: Mapping[str, list[str]], row: int, identity: str, moment: datetime
) -> Iterator[Reading]:
    place = mapping.place
    if mapping.place_columns is not None:
        parts = []
        for name in mapping.place_columns:
            try:
                parts.append(float(plain(cells[name][row])))
            except ValueError:
                raise InputError(
                    f"line {sheet.lines[row]}, column {name}: {cells[name][row]!r} is not degrees; write 34.05"
                ) from None
        place = (parts[0], parts[1])
    if place is not None:
        point = {"type": "Point", "coordinates": [place[1], place[0]]}
        yield Reading(identity, mapping.entity_type, "location", point, moment, None, "GeoProperty")


def _refuse_unknown(data: Mapping[str, Any], file: str) -> None:
    for within, known in _KEYS.items():
        tables = [data] if not within else data.get(within, {})
        for table in tables if isinstance(tables, list) else [tables]:
            for key in table if isinstance(table, dict) else ():
                if key not in known:
                    name = f"{within}.{key}" if within else key
                    raise InputError(f"{file}: {name} is not known; the keys there are {', '.join(sorted(known))}")


def _table(data: Mapping[str, Any], key: str, file: str) -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise InputError(f"{file}: write {key} as a table [{key}]")
    return value


def _rows(data: Mapping[str, Any], file: str) -> list[Mapping[str, Any]]:
    rows = data.get("attributes", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{file}: say at least one [[attributes]] with column and name")
    return rows


def _text(table: Mapping[str, Any], key: str, within: str, file: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise InputError(f"{file}: {within}.{key} is missing; write a text")
    return value


def _texts(value: object, key: str, file: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise InputError(f'{file}: {key} is missing; write it as ["name of the column"]')
    return value


def _column(row: Mapping[str, Any], file: str) -> MappedColumn:
    column = MappedColumn(
        column=_text(row, "column", "attributes", file),
        name=_text(row, "name", "attributes", file),
        unit=str(row.get("unit", "")),
        to=str(row.get("to", "")),
        factor=float(row.get("factor", 1.0)),
        missing=tuple(str(mark) for mark in row.get("missing", [])),
        kind=str(row.get("kind", "number")),
    )
    if column.kind not in ("number", "text"):
        raise InputError(f"{file}: attributes.kind is {column.kind!r}; write number or text")
    try:
        if column.unit:
            unit_of(column.unit)
        if column.to:
            converted(1.0, column.unit, column.to)
    except MachinamiError as error:
        raise InputError(f"{file}: attribute {column.name}: {error.detail}") from None
    return column


def _zone(name: str, file: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"{file}: time.zone {name!r} is no time zone; write it as Asia/Tokyo") from None


def _place(location: Mapping[str, Any], file: str) -> tuple[float, float] | None:
    if "latitude" not in location and "longitude" not in location:
        return None
    try:
        latitude, longitude = float(location["latitude"]), float(location["longitude"])
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{file}: location needs latitude and longitude as numbers") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise InputError(f"{file}: location {latitude}, {longitude} is not on earth; latitude comes first")
    return latitude, longitude


def _place_columns(location: Mapping[str, Any], file: str) -> tuple[str, str] | None:
    names = (location.get("latitude_column"), location.get("longitude_column"))
    if names == (None, None):
        return None
    if not all(isinstance(name, str) and name for name in names):
        raise InputError(f"{file}: location needs latitude_column and longitude_column, both as texts")
    return str(names[0]), str(names[1])
