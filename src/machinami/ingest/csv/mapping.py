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
    kind = "number"                     # or "text", or "time" (of the row's zone, where it says no offset)
    words = { CLOSED = "mended" }       # of a text: what the town says for it; any other word is refused
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import tzinfo
from string import Formatter
from typing import Any

from machinami.foundation.errors import BadRequestData, InputError, SettingsError
from machinami.foundation.table import Table
from machinami.foundation.units import conversion, unit_of
from machinami.ingest.csv.times import zone_of

KINDS = ("number", "text", "time")
_IN_BRACKETS = re.compile(r"[(\[]\s*([^()\[\]\d]+[^()\[\]]*?)\s*[)\]]\s*$")  # a number there counts columns


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
    words: Mapping[str, str] = field(default_factory=dict)


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
    top = Table(document, "the map", "at the top")
    top.only(("encoding", "skip", "time", "entity", "value"))
    time, entity = top.table("time", "[time]"), top.table("entity", "[entity]")
    time.only(("column", "zone", "layout"))
    entity.only(("id", "type", "name", "location"))
    rows = top.rows("value", "[[value]]", "[[value]]", "write a [[value]] for each column, with column and attribute")
    place, place_columns = _location(entity)
    template = entity.text("id")
    _check_template(entity, "id", template)
    skip = document.get("skip", 0)
    if isinstance(skip, bool) or not isinstance(skip, int) or skip < 0:
        raise top.wrong("skip", f"is a number of lines, not {skip!r}")
    return FileMap(
        time=time.texts("column"),
        zone=_zone(time),
        layout=time.text("layout", ""),
        entity=template,
        entity_type=entity.text("type"),
        names=_names(entity),
        place=place,
        place_columns=place_columns,
        values=_rules(top, rows),
        encoding=top.text("encoding", "") or None,
        skip=skip,
    )


def _rules(top: Table, rows: Sequence[Table]) -> tuple[ColumnRule, ...]:
    rules = tuple(_rule(row) for row in rows)
    attributes = [rule.attribute for rule in rules]
    for attribute in attributes:
        if attributes.count(attribute) > 1:
            raise top.wrong("attribute", f"{attribute!r} is given by two columns; give each its own")
    return rules


def _rule(row: Table) -> ColumnRule:
    column = row.text("column")
    row = row.at(f"{row.where} ({column})")
    row.only("column attribute unit to factor offset missing min max kind words".split())
    kind = row.choice("kind", KINDS, "number")
    numbers = [key for key in "unit to factor offset min max".split() if key in row]
    if kind != "number" and numbers:
        raise row.wrong(numbers[0], f"has no meaning for a {kind}")
    factor, offset, code = _conversion(row)
    smallest, largest = row.number("min", -float("inf")), row.number("max", float("inf"))
    if smallest > largest:
        raise row.wrong("min", f"{smallest:g} is above max {largest:g}")
    return ColumnRule(
        column, row.text("attribute"), kind, factor, offset, code, row.texts("missing", empty=True), smallest, largest,
        _translation(row, kind),
    )  # fmt: skip


def _translation(row: Table, kind: str) -> Mapping[str, str]:
    """What the town says for the words of a column."""
    said = row.said.get("words", {})
    if said and kind != "text":
        raise row.wrong("words", f"has no meaning for a {kind}")
    if not isinstance(said, Mapping) or not all(isinstance(word, str) and word for word in said.values()):
        raise row.wrong("words", f'is a table of words, as {{ CLOSED = "mended" }}; not {said!r}')
    return dict(said)


def _conversion(row: Table) -> tuple[float, float, str | None]:
    """Factor and offset from the cell to the town's value, and the town's unit."""
    unit, target = row.text("unit", ""), row.text("to", "")
    if target and not unit:
        raise row.wrong("unit", f"is missing: from which unit to {target}?")
    factor, offset = row.number("factor", 1.0), row.number("offset", 0.0)
    if not unit:
        return factor, offset, None
    _check_head(row, unit)
    try:
        times, plus = conversion(unit, target or unit)
        return factor * times, offset * times + plus, unit_of(target or unit).code
    except BadRequestData as error:
        raise SettingsError(f"In the map, {row.where}: {error.detail}", where=row.where, **error.facts) from None


def _check_head(row: Table, unit: str) -> None:
    """Refuse a unit that the column itself contradicts, as 水位(cm) does, unless a factor accounts for it."""
    named = _IN_BRACKETS.search(unicodedata.normalize("NFKC", row.text("column")))
    if named is None or "factor" in row:
        return
    with suppress(BadRequestData):
        said, meant = unit_of(named[1]), unit_of(unit)
        if said is not meant:
            raise row.wrong(
                "unit",
                f"is {unit}, but the column names {named[1]}: write what the file holds; to = … is the town's unit",
            )


def _location(entity: Table) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    said = entity.said.get("location")
    if said is None:
        return None, ()
    if isinstance(said, str) and said:
        return None, (said,)
    if isinstance(said, list) and len(said) == 2:
        if all(isinstance(part, str) and part for part in said):
            return None, (said[0], said[1])
        if all(isinstance(part, int | float) and not isinstance(part, bool) for part in said):
            if not (-180 <= said[0] <= 180 and -90 <= said[1] <= 90):
                raise entity.wrong("location", f"{said} is not on earth; the longitude comes first")
            return (float(said[0]), float(said[1])), ()
    raise entity.wrong(
        "location", f'is [longitude, latitude], or columns as ["経度", "緯度"], or one column; not {said!r}'
    )


def _names(entity: Table) -> Mapping[str, str]:
    said = entity.said.get("name", {})
    names = {"ja": said} if isinstance(said, str) else said
    if not isinstance(names, Mapping) or not all(isinstance(text, str) and text for text in names.values()):
        raise entity.wrong("name", f'is a text, or {{ ja = "…", en = "…" }}; not {said!r}')
    for text in names.values():
        _check_template(entity, "name", text)
    return dict(names)


def _check_template(entity: Table, key: str, text: str) -> None:
    try:
        names = _braces(text)
    except ValueError as fault:
        raise entity.wrong(key, f"{text!r} cannot be read: {fault}") from fault
    if "" in names:
        raise entity.wrong(key, f"{text!r} has empty braces; write a column's name in them")


def _braces(text: str) -> list[str]:
    # A column may be called 水位(m):1, so what a format would read as !conversion or :form belongs to the name.
    found = []
    for _, name, form, conversion_ in Formatter().parse(text):
        if name is not None:
            found.append(name + (f"!{conversion_}" if conversion_ else "") + (f":{form}" if form else ""))
    return found


def _zone(time: Table) -> tzinfo:
    try:
        return zone_of(time.text("zone", "UTC"))
    except InputError as error:
        raise time.wrong("zone", f"cannot be: {error.detail}") from None
