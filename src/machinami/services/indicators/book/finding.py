"""What do the statistics say of the history of an indicator, in the words of the reader?"""

from collections.abc import Sequence

from machinami.kit.units import shown
from machinami.kit.words import Words
from machinami.services.indicators.book.state import Finding
from machinami.services.indicators.logic.past import Found, look
from machinami.services.indicators.logic.way import Sample


def findings(past: Sequence[Sample], zone: str, unit: str, words: Words) -> list[Finding]:
    """What is found in the past of an indicator, as sentences; that there is too little of it is said too."""
    return [Finding(one.kind, _said(one, unit, words)) for one in look(past, zone)]


def _said(found: Found, unit: str, words: Words) -> str:
    values = {name: f"{shown(value)} {unit}".rstrip() for name, value in found.values.items()}
    return words.plain(f"ind.found.{found.kind}", **values, **found.facts)
