"""How does what somebody typed become a need? Lines of a workshop, a short name for a long text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from machinami.foundation.errors import BadRequestData
from machinami.methods.likeness import folded
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CityNeed, NeedOrigin
from machinami.model.vocabulary.fields import FIELDS_OR_OTHER
from machinami.services.needs.model import LONGEST_NAME, LONGEST_TEXT, ORIGINS

MOST_LINES = 300
_BULLET = re.compile(r"^\s*(?:[-*・●○◆■□▪•‣–]|[(（]?\d{1,3}[.)．）、])\s*")
_TIMES = re.compile(r"\s*(?:[×xX]\s*(\d{1,3})|[(（](\d{1,3})\s*(?:人|名|票|件|people|voices)?[)）])\s*$")
_SENTENCE = re.compile(r"[。．.!！?？\n]")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said at a workshop, and how many said it."""

    text: str
    voices: int


def read_lines(pasted: str) -> list[Line]:
    """What stands in a pasted list, one thing a line: bullets and numbers before it go, "×3" or "(3人)" behind it are
    voices, the same line twice is one line with the voices of both. Raises BadRequestData naming a line that is too
    long, or where there is nothing or too much."""
    found: dict[str, Line] = {}
    for number, row in enumerate(pasted.splitlines(), start=1):
        text = _BULLET.sub("", row.replace("\t", " ")).strip()
        times = _TIMES.search(text)
        voices = max(1, int(times.group(1) or times.group(2))) if times else 1
        text = (text[: times.start()] if times else text).strip()
        if not folded(text):
            continue
        if len(text) > LONGEST_TEXT:
            raise BadRequestData(
                f"Line {number} is longer than {LONGEST_TEXT} characters; shorten or divide it",
                key="refused.line",
                number=number,
                longest=LONGEST_TEXT,
            )
        key = folded(text)
        known = found.get(key)
        found[key] = Line(known.text if known else text, voices + (known.voices if known else 0))
    if not found:
        raise BadRequestData("There is no line with a word in it; write one need a line", key="refused.empty")
    if len(found) > MOST_LINES:
        raise BadRequestData(
            f"There are {len(found)} lines; at most {MOST_LINES} are taken at once",
            key="refused.lines",
            most=MOST_LINES,
        )
    return list(found.values())


def short_name(text: str) -> str:
    """The first sentence of a text, or its beginning, as its name."""
    first = _SENTENCE.split(text.strip(), 1)[0].strip() or text.strip()
    return first if len(first) <= 40 else first[:39] + "…"


def checked_text(text: str) -> str:
    """A text that says something and is not too long. Raises BadRequestData."""
    said = text.replace("\r\n", "\n").strip()
    if not folded(said):
        raise BadRequestData(
            "The need says nothing yet; write what is missing, for whom, and where", field="text", key="refused.empty"
        )
    if len(said) > LONGEST_TEXT:
        raise BadRequestData(f"The need has {len(said)} characters; at most {LONGEST_TEXT} are taken", field="text")
    return said


def checked_field(field: str) -> str:
    """A field of the town. Raises BadRequestData."""
    if field not in FIELDS_OR_OTHER:
        raise BadRequestData(f"{field!r} is no field; choose one of {', '.join(FIELDS_OR_OTHER)}", field="field")
    return field


def made(
    need_id: str, text: str, language: str, field: str, origin: str, on: date, voices: int = 1, vision: str = ""
) -> CityNeed:
    """A new need. language: of the text; vision: the id of the vision that it is of, if one stands."""
    whence: NeedOrigin | None = next((one for one in ORIGINS if one == origin), None)
    if whence is None:
        raise BadRequestData(f"{origin!r} is no origin; choose one of {', '.join(ORIGINS)}", field="origin")
    said = checked_text(text)
    return CityNeed(
        need_id,
        name=Words({language: short_name(said)[:LONGEST_NAME]}),
        text=Words({language: said}),
        field=checked_field(field),
        origin=whence,
        raised_on=on.isoformat(),
        state="open",
        voices=voices,
        ref_vision=Ref(vision) if vision else None,
    )


def comparable(need: CityNeed) -> str:
    """What of a need is compared with others: what it says, in the first language that it has."""
    return next(iter((need.text or need.name or Words()).values()), "")


def standing_alone(needs: Sequence[CityNeed]) -> list[CityNeed]:
    """The needs that may still be grouped: neither closed nor under another."""
    return [need for need in needs if need.state != "closed" and need.ref_group is None]
