"""Which column of a table is which attribute of which thing? Reads MAP.toml.

A prefecture's export of a river gauge (Shift_JIS, header lines, 24:00):

    encoding = "cp932"                  # only where it cannot be told from the file
    skip = 0                            # lines to leave out at the top; header lines are found without it

    [time]
    column = "観測時刻"                  # or ["日付", "時刻"], joined by a space
    zone = "Asia/Tokyo"                 # for times that say no offset
    layout = "%d/%m/%Y %H:%M"           # only for times that are not read without it

    [entity]
    id = "urn:ngsi-ld:RiverGauge:{観測局}"   # {…}: a column of the row, or "観測局,持世寺" above the header
    type = "RiverGauge"
    name = { ja = "{観測局}", en = "Mochiyoji" }
    location = [131.28, 34.03]          # longitude, latitude; or two columns ["経度", "緯度"]; or one column "lat,lon"

    [[value]]
    column = "水位"
    attribute = "waterLevel"
    unit = "m"                          # in the file
    to = "m"                            # in the town; left out: as in the file
    factor = 1.0                        # value · factor + offset is in `unit`
    offset = 0.0
    missing = ["0.00"]                  # besides the usual marks (-, 欠測, *** …)
    min = -5.0                          # outside of min and max, in the town's unit: refused and counted
    max = 30.0
    kind = "number"                     # or "text"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from string import Formatter
from typing import Any

from machinami.foundation.errors import BadRequestData, InputError, SettingsError
from machinami.foundation.units import conversion, unit_of
from machinami.ingest.csv.times import zone_of

KINDS = ("number", "text")


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """One column and the attribute that it becomes: the town's value is `factor` times the cell plus `offset`.

    unit_code: UN/CEFACT, of the town's value. smallest and largest: what is plausible, in the town's unit.
    """

    column: str
    attribute: str
    kind: str
    factor: float
    offset: float
    unit_code: str | None
    missing: tuple[str, ...]
    smallest: float
    largest: float


@dataclass(frozen=True, slots=True)
class FileMap:
    """What MAP.toml says. `place` holds a fixed (longitude, latitude); `place_columns` the columns of it, or the one
    column that holds "latitude, longitude". The entity's id and names are templates over columns."""

    time: tuple[str, ...]
    zone: tzinfo
    layout: str
    entity: str
    entity_type: str
    names: Mapping[str, str]
    place: tuple[float, float] | None
    place_columns: tuple[str, ...]
    values: tuple[ColumnRule, ...]
    encoding: str | None
    skip: int

    @property
    def filled(self) -> tuple[str, ...]:
        """The names in braces that the templates want to have filled in."""
        texts = (self.entity, *self.names.values())
        return tuple(dict.fromkeys(name for text in texts for name in _braces(text)))


def read_mapping(document: Mapping[str, Any]) -> FileMap:
    """Return the map that a mapping document (the parsed TOML) describes.

    Raises SettingsError that names the key at fault and says what to write.
    """
    _known(document, "at the top", ("encoding", "skip", "time", "entity", "value"))
    time, entity = _table(document, "time"), _table(document, "entity")
    _known(time, "[time]", ("column", "zone", "layout"))
    _known(entity, "[entity]", ("id", "type", "name", "location"))
    rows = document.get("value")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise _wrong("at the top", "[[value]]", "is missing; write one for each column, with column and attribute")
    columns = time.get("column")
    place, place_columns = _location(entity.get("location"))
    template = _text(entity, "id", "[entity]")
    _check_template(template, "id")
    skip = document.get("skip", 0)
    if isinstance(skip, bool) or not isinstance(skip, int) or skip < 0:
        raise _wrong("at the top", "skip", f"is a number of lines, not {skip!r}")
    return FileMap(
        time=_texts([columns] if isinstance(columns, str) else columns, "column", "[time]"),
        zone=_zone(_text(time, "zone", "[time]", "UTC")),
        layout=_text(time, "layout", "[time]", ""),
        entity=template,
        entity_type=_text(entity, "type", "[entity]"),
        names=_names(entity.get("name", {})),
        place=place,
        place_columns=place_columns,
        values=_rules(rows),
        encoding=_text(document, "encoding", "at the top", "") or None,
        skip=skip,
    )


def _rules(rows: Sequence[Mapping[str, Any]]) -> tuple[ColumnRule, ...]:
    rules = tuple(_rule(row, f"[[value]] {number}") for number, row in enumerate(rows, 1))
    attributes = [rule.attribute for rule in rules]
    for attribute in attributes:
        if attributes.count(attribute) > 1:
            raise _wrong("at the top", "attribute", f"{attribute!r} is given by two columns; give each its own")
    return rules


def _rule(row: Mapping[str, Any], where: str) -> ColumnRule:
    column = _text(row, "column", where)
    where = f"{where} ({column})"
    _known(row, where, "column attribute unit to factor offset missing min max kind".split())
    kind = _text(row, "kind", where, "number")
    if kind not in KINDS:
        raise _wrong(where, "kind", f"is one of {', '.join(KINDS)}, not {kind!r}")
    numbers = [key for key in "unit to factor offset min max".split() if key in row]
    if kind == "text" and numbers:
        raise _wrong(where, numbers[0], "has no meaning for a text")
    factor, offset, code = _conversion(row, where)
    smallest, largest = _number(row, "min", where, -float("inf")), _number(row, "max", where, float("inf"))
    if smallest > largest:
        raise _wrong(where, "min", f"{smallest:g} is above max {largest:g}")
    missing = row.get("missing", [])
    return ColumnRule(
        column, _text(row, "attribute", where), kind, factor, offset, code,
        _texts([missing] if isinstance(missing, str) else missing, "missing", where, empty=True), smallest, largest,
    )  # fmt: skip


def _conversion(row: Mapping[str, Any], where: str) -> tuple[float, float, str | None]:
    """Factor and offset from the cell to the town's value, and the town's unit."""
    unit, target = _text(row, "unit", where, ""), _text(row, "to", where, "")
    if target and not unit:
        raise _wrong(where, "unit", f"is missing: from which unit to {target}?")
    factor, offset = _number(row, "factor", where, 1.0), _number(row, "offset", where, 0.0)
    if not unit:
        return factor, offset, None
    try:
        times, plus = conversion(unit, target or unit)
        return factor * times, offset * times + plus, unit_of(target or unit).code
    except BadRequestData as error:
        raise SettingsError(f"In the map, {where}: {error.detail}", where=where, **error.facts) from None


def _location(said: object) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    if said is None:
        return None, ()
    if isinstance(said, str) and said:
        return None, (said,)
    if isinstance(said, list) and len(said) == 2:
        if all(isinstance(part, str) and part for part in said):
            return None, (said[0], said[1])
        if all(isinstance(part, int | float) and not isinstance(part, bool) for part in said):
            if not (-180 <= said[0] <= 180 and -90 <= said[1] <= 90):
                raise _wrong("[entity]", "location", f"{said} is not on earth; the longitude comes first")
            return (float(said[0]), float(said[1])), ()
    raise _wrong(
        "[entity]", "location", f'is [longitude, latitude], or columns as ["経度", "緯度"], or one column; not {said!r}'
    )


def _names(said: object) -> Mapping[str, str]:
    names = {"ja": said} if isinstance(said, str) else said
    if not isinstance(names, Mapping) or not all(isinstance(text, str) and text for text in names.values()):
        raise _wrong("[entity]", "name", f'is a text, or {{ ja = "…", en = "…" }}; not {said!r}')
    for text in names.values():
        _check_template(text, "name")
    return dict(names)


def _check_template(text: str, key: str) -> None:
    try:
        names = _braces(text)
    except ValueError as fault:
        raise _wrong("[entity]", key, f"{text!r} cannot be read: {fault}") from fault
    if "" in names:
        raise _wrong("[entity]", key, f"{text!r} has empty braces; write a column's name in them")


def _braces(text: str) -> list[str]:
    # A column may be called 水位(m):1, so what a format would read as !conversion or :form belongs to the name.
    found = []
    for _, name, form, conversion_ in Formatter().parse(text):
        if name is not None:
            found.append(name + (f"!{conversion_}" if conversion_ else "") + (f":{form}" if form else ""))
    return found


def _zone(name: str) -> tzinfo:
    try:
        return zone_of(name)
    except InputError as error:
        raise _wrong("[time]", "zone", f"cannot be: {error.detail}") from None


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = document.get(key)
    if not isinstance(table, Mapping):
        raise _wrong("at the top", f"[{key}]", "is missing" if table is None else "must be a table")
    return table


def _text(table: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise _wrong(where, key, "is missing" if value is None else f"must be text, not {value!r}")
    return value


def _texts(value: object, key: str, where: str, empty: bool = False) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value) or not (value or empty):
        raise _wrong(where, key, "is missing" if value is None else f'is written ["…", "…"], not {value!r}')
    return tuple(value)


def _number(table: Mapping[str, Any], key: str, where: str, default: float) -> float:
    value = table.get(key)
    if key not in table:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise _wrong(where, key, f"must be a number, not {value!r}")
    return float(value)


def _known(table: Mapping[str, Any], where: str, keys: Sequence[str]) -> None:
    if unknown := [key for key in table if key not in keys]:
        raise _wrong(where, unknown[0], f"is not known; known are {', '.join(keys)}")


def _wrong(where: str, key: str, what: str) -> SettingsError:
    return SettingsError(f"In the map, {where}: {key} {what}", where=where, key=key)
