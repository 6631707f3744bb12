"""What may be kept of a photo that a stranger sends? Its picture alone, drawn anew, turned upright, in two sizes.

What it is is told by its content, never by its name. Size and pixels are bounded before a pixel is unpacked, so that no
small file becomes a large one in memory. What is kept is drawn anew as JPEG: nothing of the file itself remains, no
place, no time, no name of a camera, no thumbnail (Exif, XMP, IPTC), nor anything hidden behind the picture.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageOps, ImageStat, UnidentifiedImageError

from machinami.foundation.errors import BadRequestData

FORMATS = ("JPEG", "PNG", "WEBP")
LARGE, SMALL = 1600, 480
"""The longer edge of the two forms, in pixels."""
MOST_PIXELS = 60_000_000
MOST_SIDE = 20_000
LEAST_SIDE = 16
QUALITY = 82
MOST_RECTANGLES = 40
GRID = 8
APART, FEATURES = 4, 12
"""Bits of a fingerprint in which two of the same picture may differ, and that one must have to be known again by."""
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photo as it is kept: both forms as JPEG, the size of the large one in pixels, and its fingerprint."""

    large: bytes
    small: bytes
    width: int
    height: int
    fingerprint: str = ""


class Rectangle(NamedTuple):
    """A part of a photo, as shares of its width and height from the upper left corner, each from 0 to 1."""

    left: float
    top: float
    width: float
    height: float


def prepared(content: bytes, most_bytes: int) -> Photograph:
    """The photo as it may be kept. Raises BadRequestData, saying what would do, for what is no photo, or too large."""
    if len(content) > most_bytes:
        raise BadRequestData(
            f"The photo has {len(content) / 1e6:.1f} MB; at most {most_bytes / 1e6:.0f} MB are taken", field="photo"
        )
    with _opened(content) as image:
        return _forms(_upright(image))


def covered(large: bytes, rectangles: Sequence[Rectangle]) -> Photograph:
    """The photo with these parts painted over, each in its own mean colour: nothing of what was there can be had back
    from it, as it can from a weak blur. Raises BadRequestData where a rectangle lies outside, or is none."""
    if not 1 <= len(rectangles) <= MOST_RECTANGLES:
        raise BadRequestData(f"Draw 1 to {MOST_RECTANGLES} rectangles", field="rectangles")
    with _opened(large) as image:
        picture = image.convert("RGB")
    drawing = ImageDraw.Draw(picture)
    for one in rectangles:
        box = _box(one, picture.width, picture.height)
        red, green, blue = (int(mean) for mean in ImageStat.Stat(picture.crop(box)).mean)
        drawing.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=(red, green, blue))
    return _forms(picture)


def _opened(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a decompression bomb is only warned of at first
        try:
            image = Image.open(BytesIO(content), formats=FORMATS)
        except (UnidentifiedImageError, Image.DecompressionBombError, Warning) as error:
            raise _refused(error) from error
        except (OSError, ValueError, SyntaxError, TypeError, EOFError, KeyError, OverflowError) as error:
            raise _refused(error) from error
    if max(image.size) > MOST_SIDE or image.width * image.height > MOST_PIXELS:
        raise BadRequestData(
            f"The photo has {image.width} × {image.height} pixels; "
            f"at most {MOST_PIXELS // 1_000_000} million are taken",
            field="photo",
        )
    if min(image.size) < LEAST_SIDE:
        raise BadRequestData(f"The photo is smaller than {LEAST_SIDE} × {LEAST_SIDE} pixels", field="photo")
    return image


def _upright(image: Image.Image) -> Image.Image:
    """The picture as it was meant to be seen, without what came with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, which are not kept
        try:
            image.draft("RGB", (LARGE, LARGE))  # JPEG unpacks small, at once
            image.load()
            turned = ImageOps.exif_transpose(image)
        except Exception as error:  # what a malformed file makes a decoder raise is known to nobody beforehand
            raise _refused(error) from error
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        ground = Image.new("RGB", turned.size, "white")
        seen = turned.convert("RGBA")
        ground.paste(seen, mask=seen.getchannel("A"))
        return ground
    return turned.convert("RGB")


def _forms(picture: Image.Image) -> Photograph:
    large, small = (_within(picture, edge) for edge in (LARGE, SMALL))
    return Photograph(_jpeg(large), _jpeg(small), large.width, large.height, fingerprint(small))


def fingerprint(picture: Image.Image) -> str:
    """By what a picture is known again though it was made smaller or packed anew: 64 bits, each whether it grows
    darker from one part to the next on a grid of nine by eight (difference hash), as 16 hexadecimal digits."""
    grid = picture.convert("L").resize((GRID + 1, GRID), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(GRID):
        for column in range(GRID):
            at = row * (GRID + 1) + column
            bits = bits << 1 | (grid[at] > grid[at + 1])
    return f"{bits:016x}"


def same_picture(one: str, other: str) -> bool:
    """Whether two fingerprints are of the same picture. One without features, such as a dark night, is like nothing."""
    if len(one) != _DIGITS or len(other) != _DIGITS:
        return False
    first, second = int(one, 16), int(other, 16)
    plain = min(first.bit_count(), second.bit_count()) < FEATURES
    return not plain and (first ^ second).bit_count() <= APART


def _within(picture: Image.Image, edge: int) -> Image.Image:
    fitted = picture.copy()
    fitted.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    return fitted


def _jpeg(picture: Image.Image) -> bytes:
    written = BytesIO()
    clean = Image.new("RGB", picture.size)  # a new picture has no info that could be written along
    clean.paste(picture)
    clean.save(written, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return written.getvalue()


def _box(one: Rectangle, width: int, height: int) -> tuple[int, int, int, int]:
    values = (one.left, one.top, one.width, one.height)
    if not all(0 <= value <= 1 for value in values) or one.width <= 0 or one.height <= 0:
        raise BadRequestData("A rectangle lies outside of the photo", field="rectangles")
    left, top = min(int(one.left * width), width - 1), min(int(one.top * height), height - 1)
    right, bottom = -int(-(one.left + one.width) * width // 1), -int(-(one.top + one.height) * height // 1)
    return left, top, min(width, max(right, left + 1)), min(height, max(bottom, top + 1))


def _refused(error: Exception) -> BadRequestData:
    return BadRequestData(
        f"This is no photo that can be read ({type(error).__name__}); send a JPEG, PNG or WebP picture", field="photo"
    )
