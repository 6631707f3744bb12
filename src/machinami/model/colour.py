"""Can a colour be read on another one? Contrast as WCAG 2.2 computes it, and a shade of a colour that has enough."""

import re
from collections.abc import Iterable

ENOUGH = 4.5  # contrast of text, level AA (WCAG 2.2, 1.4.3)
_HEX = re.compile(r"#[0-9a-f]{6}\Z")
_STEPS = 100
Rgb = tuple[int, int, int]


def is_colour(text: str) -> bool:
    """Whether the text is a colour such as #1b5e8c."""
    return bool(_HEX.match(text))


def rgb(text: str) -> Rgb:
    """Red, green and blue (0 to 255) of #rrggbb."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def written(colour: Rgb) -> str:
    """The colour as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def luminance(text: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, glossary)."""
    red, green, blue = (_linear(part / 255) for part in rgb(text))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, glossary)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """One colour with a share (0 to 1) of another."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(rgb(one), rgb(other), strict=True))
    return written((red, green, blue))


def readable(colour: str, grounds: Iterable[str], towards: str, enough: float = ENOUGH) -> str:
    """The colour, mixed with as little of another (black or white) as lets it be read on every one of the grounds."""
    on = tuple(grounds)
    for step in range(_STEPS + 1):
        tried = mixed(colour, towards, step / _STEPS)
        if all(contrast(tried, ground) >= enough for ground in on):
            return tried
    return towards
