"""Is nothing kept of a photo but its picture, and is nothing taken that is none, or too large?"""

import random
import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.services.civic_reports.pictures import SECRET, drawn, street

from machinami.foundation.errors import BadRequestData
from machinami.methods.photographs import LARGE, SMALL, Photograph, Rectangle, covered, prepared, same_picture

MOST = 8_000_000


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is very large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def test_a_photo_is_drawn_anew_in_two_sizes_without_anything_that_it_told() -> None:
    kept = prepared(street(3000, 2000), MOST)
    assert (kept.width, kept.height) == (LARGE, round(LARGE * 2 / 3))
    for content, edge in ((kept.large, LARGE), (kept.small, SMALL)):
        assert SECRET not in content
        assert b"Exif" not in content
        with opened(content) as image:
            assert max(image.size) == edge
            assert image.format == "JPEG"
            assert not image.getexif()
            assert "comment" not in image.info


@pytest.mark.parametrize(("turned", "corner"), [(1, (0, 0)), (3, (1, 1)), (6, (1, 0)), (8, (0, 1))])
def test_a_photo_stands_as_it_was_held(turned: int, corner: tuple[int, int]) -> None:
    kept = prepared(street(800, 600, turned), MOST)
    with opened(kept.large) as image:
        x, y = (5 if not at else size - 6 for at, size in zip(corner, image.size, strict=True))
        red, green, blue = image.getpixel((x, y))  # type: ignore[misc]
    assert red > 200 > 90 > max(green, blue)


MODES = ["PNG RGBA", "PNG P", "PNG L", "PNG LA", "WEBP RGB", "JPEG CMYK", "JPEG L", "PNG I;16", "PNG 1"]
NONE = [
    b"", b"no picture", b"\xff\xd8\xff\xe0", b"GIF89a", drawn("GIF"), drawn("BMP"), drawn("TIFF"), street()[:400],
    drawn("PNG")[:60], b"<svg xmlns='http://www.w3.org/2000/svg'/>", bomb(50_000, 50_000), bomb(19_000, 19_000),
    bomb(0, 10), drawn("PNG", 8, 8),
]  # fmt: skip


@pytest.mark.parametrize("kind", MODES)
def test_every_kind_of_picture_that_is_taken_becomes_a_jpeg(kind: str) -> None:
    name, mode = kind.split()
    kept = prepared(drawn(name, mode=mode), MOST)
    with opened(kept.large) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (64, 48))


@pytest.mark.parametrize("content", NONE)
def test_what_is_no_photo_or_would_become_too_large_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequestData):
        prepared(content, MOST)


def test_a_file_that_is_too_large_is_refused_unopened() -> None:
    with pytest.raises(BadRequestData, match="at most 1 MB"):
        prepared(b"\xff\xd8" + b"x" * 1_000_001, 1_000_000)


BASES = [street(200, 150, 6), drawn("PNG"), drawn("WEBP")]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=120)
@given(
    st.sampled_from(BASES),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), max_size=8),
    st.floats(0, 1),
)
def test_a_malformed_picture_is_refused_or_becomes_a_picture(
    base: bytes, cuts: list[tuple[float, bytes]], end: float
) -> None:
    content = bytearray(base)
    for at, put in cuts:
        start = int(at * (len(content) - 1))
        content[start : start + len(put)] = put
    content = content[: max(1, int(len(content) * (0.2 + 0.8 * end)))]
    try:
        kept = prepared(bytes(content), MOST)
    except BadRequestData:
        return
    with opened(kept.large) as image:
        image.load()
        assert image.format == "JPEG"


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 1), st.floats(0.001, 1))
def test_nothing_of_what_was_covered_is_left(left: float, top: float, width: float, height: float) -> None:
    noise = Image.effect_noise((200, 160), 90).convert("RGB")
    written = BytesIO()
    noise.save(written, "JPEG")
    kept = covered(written.getvalue(), [Rectangle(left, top, width, height)])
    assert isinstance(kept, Photograph)
    with opened(kept.large) as image:
        box = [
            int(left * 200),
            int(top * 160),
            min(200, int((left + width) * 200)),
            min(160, int((top + height) * 160)),
        ]
        inner = [box[0] + 17, box[1] + 17, box[2] - 17, box[3] - 17]  # JPEG blurs the edge of its blocks
        if inner[2] - inner[0] > 8 and inner[3] - inner[1] > 8:
            low, high = image.crop((inner[0], inner[1], inner[2], inner[3])).convert("L").getextrema()
            assert high - low <= 12  # type: ignore[operator]


@pytest.mark.parametrize("wrong", [[], [Rectangle(0, 0, 0, 1)], [Rectangle(-1, 0, 1, 1)], [Rectangle(0, 0, 2, 1)],
                                   [Rectangle(float("nan"), 0, 1, 1)], [Rectangle(0, 0, 0.1, 0.1)] * 41])  # fmt: skip
def test_rectangles_that_are_none_are_refused(wrong: list[Rectangle]) -> None:
    with pytest.raises(BadRequestData):
        covered(street(), wrong)


def scene(seed: int, size: tuple[int, int] = (900, 700)) -> Image.Image:
    """A picture with large features, other ones for each seed."""
    coarse = Image.frombytes("L", (7, 6), random.Random(seed).randbytes(42))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def packed(image: Image.Image, kind: str, **said: int) -> bytes:
    written = BytesIO()
    image.convert("RGB").save(written, kind, **said)
    return written.getvalue()


def test_the_same_picture_is_known_again_smaller_and_packed_anew_and_others_are_not() -> None:
    first = prepared(packed(scene(1), "PNG"), MOST).fingerprint
    for again in (packed(scene(1, (450, 350)), "JPEG", quality=40), packed(scene(1, (1200, 933)), "WEBP", quality=60)):
        assert same_picture(first, prepared(again, MOST).fingerprint)
    others = [prepared(packed(scene(seed), "PNG"), MOST).fingerprint for seed in range(2, 42)]
    assert not any(same_picture(first, other) for other in others)


def test_a_picture_without_features_is_like_nothing() -> None:
    night = prepared(packed(Image.new("L", (400, 300), 8), "PNG"), MOST).fingerprint
    assert not same_picture(night, night)
    assert not same_picture("", "")
