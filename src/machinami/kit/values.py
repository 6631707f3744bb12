"""How does a value of the town's data read in one line, for eyes?"""

import json
from collections.abc import Mapping
from typing import Any

from machinami.kit.page import figure
from machinami.kit.words import Words

_LONG = 160


def value_text(value: object, words: Words) -> str:
    """A value in one line: numbers as they are, texts in the reader's language, the rest as JSON."""
    if isinstance(value, bool) or value is None:
        return words.plain(f"value.{str(value).lower()}")
    if isinstance(value, int | float):
        return str(figure(float(value), "", 0 if isinstance(value, int) else 2))
    if isinstance(value, dict) and value and all(isinstance(v, str) for v in value.values()) and "type" not in value:
        return str(value.get("en" if words.language == "en" else "ja") or next(iter(value.values())))
    if isinstance(value, dict) and "coordinates" in value:
        return _place_text(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONG else text[:_LONG] + "…"


def _place_text(geometry: Mapping[str, Any]) -> str:
    """Latitude and longitude of a point; of other shapes, which kind they are."""
    if geometry.get("type") != "Point":
        return str(geometry.get("type"))
    lon, lat = geometry["coordinates"][:2]
    return f"{lat:.5f}, {lon:.5f}"
