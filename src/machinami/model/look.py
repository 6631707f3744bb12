"""How does a town look? Its names, crest, accent colour and contact line, and what its pages make of them (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.colour import ENOUGH, contrast, is_colour, mixed, readable

LANGUAGES = ("ja", "en", "easy")
MOST_NAME, MOST_CONTACT = 60, 200
# The grounds on which pages write, as kit/static/css/ground.css has them: paper, card, wash.
LIGHT = ("#fbfaf6", "#ffffff", "#f2f0e9")
DARK = ("#10181e", "#18232b", "#1f2c35")
LIGHT_INK, DARK_INK = "#16232d", "#eef2f4"
_ON_LIGHT, _ON_DARK = "#ffffff", "#0c1a24"
_BLACK, _WHITE = "#000000", "#ffffff"


@dataclass(frozen=True, slots=True)
class Crest:
    """A picture that was checked: its media type, and its bytes in base64."""

    media_type: str
    data: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What a town chose. names: by language, those that it has; accent: #rrggbb, empty for ours; contact: a line at the
    foot of every page, such as the numbers to call."""

    names: Mapping[str, str] = field(default_factory=dict)
    accent: str = ""
    contact: str = ""
    crest: Crest | None = None


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of links, buttons and washes that follow from an accent, on light or dark grounds."""

    river: str
    deep: str
    wash: str
    on: str

    @property
    def least(self) -> float:
        """The smallest contrast of a text in it: the accent on its wash, or what stands on the accent."""
        return min(contrast(self.river, self.wash), contrast(self.on, self.river), contrast(self.deep, self.wash))


def palette(accent: str, dark: bool) -> Palette:
    """The palette of an accent colour: every text in it has a contrast of 4.5 or more, whatever the colour is."""
    grounds, towards = (DARK, _WHITE) if dark else (LIGHT, _BLACK)
    wash = readable(mixed(grounds[0], accent, 0.1), (DARK_INK if dark else LIGHT_INK,), _BLACK if dark else _WHITE, 7)
    on = _ON_DARK if dark else _ON_LIGHT
    river = readable(accent, (*grounds, wash, on), towards)
    deep = readable(mixed(river, towards, 0.25), (*grounds, wash, on), towards)
    return Palette(river, deep, wash, on)


def stylesheet(accent: str) -> str:
    """The rules that give pages their accent; `.look-light` and `.look-dark` show both at once, for a preview."""
    light, dark = palette(accent, False), palette(accent, True)
    return (
        f":root{{{_variables(light)}}}@media (prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}"
        "@media print{:root{--river:#000;--river-deep:#000;--river-wash:#fff}}"
    )


def preview_stylesheet(accent: str) -> str:
    """The rules of a preview alone."""
    light, dark = palette(accent, False), palette(accent, True)
    return (
        f".look-light{{{_variables(light)}--card:#ffffff;--ink:{LIGHT_INK};background:#ffffff;color:{LIGHT_INK}}}"
        f".look-dark{{{_variables(dark)}--card:{DARK[1]};--ink:{DARK_INK};background:{DARK[1]};color:{DARK_INK}}}"
    )


def _variables(of: Palette) -> str:
    return f"--river:{of.river};--river-deep:{of.deep};--river-wash:{of.wash};--on-river:{of.on};"


def made_look(names: Mapping[str, str], accent: str, contact: str, crest: Crest | None) -> Look:
    """The look that was chosen. Raises BadRequestData with the fact `key` where a part of it cannot be."""
    chosen = {language: " ".join(names.get(language, "").split()) for language in LANGUAGES}
    if any(len(name) > MOST_NAME for name in chosen.values()):
        raise BadRequestData(f"A name has at most {MOST_NAME} characters", key="look.long_name")
    colour = accent.strip().lower()
    if colour and not is_colour(colour):
        raise BadRequestData(f"{accent[:20]!r} is no colour such as #1b5e8c", key="look.bad_colour")
    line = " ".join(contact.split())
    if len(line) > MOST_CONTACT:
        raise BadRequestData(f"The contact line has at most {MOST_CONTACT} characters", key="look.long_contact")
    return Look({language: name for language, name in chosen.items() if name}, colour, line, crest)


def write_look(look: Look) -> dict[str, Any]:
    """The look as a record."""
    crest = None if look.crest is None else {"type": look.crest.media_type, "data": look.crest.data}
    return {"names": dict(look.names), "accent": look.accent, "contact": look.contact, "crest": crest}


def read_look(record: Mapping[str, Any] | None) -> Look:
    """The look of a record."""
    if record is None:
        return PLAIN
    crest = record.get("crest")
    kept = None if crest is None else Crest(crest["type"], crest["data"])
    return Look(record.get("names", {}), record.get("accent", ""), record.get("contact", ""), kept)


def is_readable(accent: str) -> bool:
    """Whether every text in the accent has enough contrast; it always is, and this says so."""
    return all(palette(accent, dark).least >= ENOUGH for dark in (False, True))
