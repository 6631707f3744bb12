"""How is a unit written for people? UN/CEFACT common codes (Recommendation 20) as symbols, or as words of a language.

What is counted in pieces (C62, or IE for people) says what the pieces are behind a colon: `C62:work` are works. The
words stand in the kit's texts under `units`; a code without words is written as its symbol, in every language.
"""

from collections.abc import Mapping
from functools import cache
from math import isfinite
from unicodedata import normalize

from machinami.kit.words import LANGUAGES, OWN, Words, catalogue, without_ruby

SYMBOLS = {
    "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km", "FOT": "ft", "INH": "in", "MTK": "m²", "KMK": "km²",
    "MTQ": "m³", "LTR": "L", "MQS": "m³/s", "MQH": "m³/h", "G51": "L/s", "E17": "ft³/s",
    "MTS": "m/s", "KMH": "km/h", "KNT": "kn", "H67": "mm/h", "CEL": "°C", "KEL": "K", "FAH": "°F", "P1": "%",
    "HUR": "h", "MIN": "min", "SEC": "s", "DD": "°", "HPA": "hPa", "A97": "hPa", "PAL": "Pa", "KGM": "kg", "GRM": "g",
    "KWT": "kW", "KWH": "kWh", "WTT": "W", "D54": "W/m²", "VLT": "V", "AMP": "A", "2N": "dB", "GQ": "µg/m³",
    "59": "ppm", "C62": "", "1": "",
}  # fmt: skip
_TABLE = "units."


def symbol(code: str | None) -> str:
    """The symbol of a code; a code without one is shown as it is, no code as nothing."""
    return "" if code is None else SYMBOLS.get(code, code)


def unit_text(unit: str | None, words: Words) -> str:
    """The unit of a figure in the reader's language: of a code, or of a word that somebody typed where it is the word
    of a code; any other text as it is."""
    code = unit_code(unit)
    if words.has(_TABLE + code):
        return words.plain(_TABLE + code)
    return symbol(code)


def unit_code(unit: str | None, english: str = "") -> str:
    """The code of a unit, where it is one or is known by its word in some language; else the unit as it is. english:
    its word in English, which tells apart what one word of Japanese counts."""
    text = (unit or "").strip()
    if not text or text in SYMBOLS or _TABLE + text in catalogue(OWN, "ja"):
        return text
    return _codes().get((_key(text), _key(english))) or _codes().get((_key(text), "")) or text


def unit_choices(words: Words) -> list[tuple[str, str]]:
    """The units that have words, as code and word, for somebody to choose from."""
    codes = [key.removeprefix(_TABLE) for key in catalogue(OWN, "ja") if key.startswith(_TABLE)]
    return [(code, words.plain(_TABLE + code)) for code in codes]


def shown(value: float | None) -> str:
    """A number for eyes: up to two decimals, none where it is large, a dash where there is none."""
    if value is None or not isfinite(value):
        return "—"
    text = f"{value:,.0f}" if abs(value) >= 1_000 or value == int(value) else f"{value:,.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def with_unit(value: float | None, unit: str | None, words: Words) -> str:
    """A number for eyes with its unit in the reader's language."""
    return f"{shown(value)} {unit_text(unit, words)}".rstrip()


def change_text(value: float | None, unit: str | None, words: Words) -> str:
    """A change for eyes, to three digits, with its sign and unit; between two shares of a hundred it is of points."""
    rounded = None if value is None else float(f"{value:.3g}")
    text = with_unit(rounded, "P1:point" if unit_code(unit) == "P1" else unit, words)
    return f"+{text}" if rounded is not None and rounded > 0 and not text.startswith("0 ") and text != "0" else text


@cache
def _codes() -> Mapping[tuple[str, str], str]:
    """The code of each word, and of each word together with the English one; of several the first."""
    found: dict[tuple[str, str], str] = {}
    english = catalogue(OWN, "en")
    for language in LANGUAGES:
        for key, text in catalogue(OWN, language).items():
            if key.startswith(_TABLE):
                code, word = key.removeprefix(_TABLE), _key(without_ruby(str(text)))
                found.setdefault((word, ""), code)
                found.setdefault((word, _key(str(english.get(key, "")))), code)
    for code, sign in SYMBOLS.items():
        if sign:
            found.setdefault((_key(sign), ""), code)
    return found


def _key(text: str) -> str:
    return normalize("NFKC", text).strip()
