"""In which unit is a value, and what is it in another? Symbols as people write them, codes of UN/CEFACT Rec. 20."""

import unicodedata
from dataclasses import dataclass

from machinami.foundation.errors import BadRequestData


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: value · factor + offset is the value in the base unit of its kind."""

    symbol: str
    code: str
    kind: str
    factor: float
    offset: float = 0.0


UNITS = (
    Unit("m", "MTR", "length", 1.0),
    Unit("cm", "CMT", "length", 0.01),
    Unit("mm", "MMT", "length", 0.001),
    Unit("km", "KMT", "length", 1000.0),
    Unit("ft", "FOT", "length", 0.3048),
    Unit("in", "INH", "length", 0.0254),
    Unit("m3/s", "MQS", "flow", 1.0),
    Unit("m3/h", "MQH", "flow", 1 / 3600),
    Unit("l/s", "G51", "flow", 0.001),
    Unit("ft3/s", "E17", "flow", 0.028316846592),
    Unit("m3", "MTQ", "volume", 1.0),
    Unit("l", "LTR", "volume", 0.001),
    Unit("m/s", "MTS", "speed", 1.0),
    Unit("km/h", "KMH", "speed", 1 / 3.6),
    Unit("mm/h", "H67", "speed", 0.001 / 3600),
    Unit("kn", "KNT", "speed", 1852 / 3600),
    Unit("Cel", "CEL", "temperature", 1.0, 273.15),
    Unit("K", "KEL", "temperature", 1.0),
    Unit("F", "FAH", "temperature", 5 / 9, 273.15 - 32 * 5 / 9),
    Unit("%", "P1", "ratio", 0.01),
    Unit("1", "C62", "ratio", 1.0),
    Unit("deg", "DD", "angle", 1.0),
    Unit("hPa", "A97", "pressure", 100.0),
    Unit("Pa", "PAL", "pressure", 1.0),
    Unit("km2", "KMK", "area", 1e6),
    Unit("m2", "MTK", "area", 1.0),
    Unit("s", "SEC", "time", 1.0),
    Unit("min", "MIN", "time", 60.0),
    Unit("h", "HUR", "time", 3600.0),
)
# Other spellings, as they stand after NFKC (which turns ㎥ into m3, ℃ into °C, ％ into %, ３ into 3).
_SPELLINGS = {
    "cfs": "ft3/s", "cms": "m3/s", "L/s": "l/s", "L": "l", "°C": "Cel", "C": "Cel", "°F": "F", "mbar": "hPa",
    "feet": "ft", "foot": "ft", "inch": "in", "inches": "in", "°": "deg", "度": "deg", "メートル": "m", "ミリ": "mm",
    "人": "1", "": "1",
}  # fmt: skip
_BY_NAME = {unit.symbol: unit for unit in UNITS} | {unit.code: unit for unit in UNITS}


def unit_of(name: str) -> Unit:
    """Return the unit of a symbol, a usual spelling or a UN/CEFACT code; BadRequestData lists those known."""
    text = unicodedata.normalize("NFKC", name).strip()
    unit = _BY_NAME.get(_SPELLINGS.get(text, text))
    if unit is None:
        known = ", ".join(unit.symbol for unit in UNITS)
        raise BadRequestData(f"the unit {name!r} is not known; write one of {known}, or its UN/CEFACT code", unit=name)
    return unit


def converted(value: float, source: str, target: str) -> float:
    """Return a value given in `source` in the unit `target`; BadRequestData where they measure different things."""
    factor, offset = conversion(source, target)
    return value * factor + offset


def conversion(source: str, target: str) -> tuple[float, float]:
    """Return (factor, offset): value · factor + offset is the value in `target`. Raises BadRequestData, naming both
    units, where they measure different things."""
    came, wanted = unit_of(source), unit_of(target)
    if came.kind != wanted.kind:
        raise BadRequestData(
            f"{source} measures {came.kind}, {target} {wanted.kind}: no factor turns one into the other",
            unit=source,
            wanted=target,
        )
    if came is wanted:
        return 1.0, 0.0
    return came.factor / wanted.factor, (came.offset - wanted.offset) / wanted.factor
