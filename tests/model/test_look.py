"""A town may choose any colour and any crest: its pages can be read, and nothing foreign comes in by the picture."""

import contextlib
import struct
import zlib
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.colour import contrast, readable
from machinami.model.crest import MOST_BYTES, bytes_of, read_crest
from machinami.model.look import DARK, LIGHT, is_readable, made_look, palette, read_look, stylesheet, write_look

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{}</svg>'
PICTURE = SVG.format('<circle cx="5" cy="5" r="4" fill="#aa0000"/>').encode()


def png(width: int = 2, height: int = 2, pixels: bytes | None = None, extra: bytes = b"") -> bytes:
    """A grey PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = pixels if pixels is not None else bytes((width + 1) * height)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@given(COLOURS)
def test_every_colour_becomes_one_in_which_text_can_be_read(accent: str) -> None:
    assert is_readable(accent)
    for dark, grounds in ((False, LIGHT), (True, DARK)):
        of = palette(accent, dark)
        assert all(contrast(text, ground) >= 4.5 for text in (of.river, of.deep) for ground in (*grounds, of.wash))
        assert contrast(of.on, of.river) >= 4.5
        assert contrast(of.on, of.deep) >= 4.5


@given(COLOURS)
def test_a_colour_that_can_be_read_stays_as_it_is(accent: str) -> None:
    if all(contrast(accent, ground) >= 4.5 for ground in LIGHT):
        assert readable(accent, LIGHT, "#000000") == accent


@given(st.text())
def test_what_is_no_colour_never_reaches_a_stylesheet(text: str) -> None:
    try:
        look = made_look({}, text, "", None)
    except BadRequestData:
        return
    assert look.accent == "" or stylesheet(look.accent).count("{") == stylesheet("#000000").count("{")


def test_a_look_is_kept_and_read_again() -> None:
    look = made_look({"ja": "松川町", "en": " Matsukawa  town "}, "#AA0000", "役場 0123", read_crest(PICTURE))

    assert read_look(write_look(look)) == look
    assert look.names == {"ja": "松川町", "en": "Matsukawa town"}


@pytest.mark.parametrize(
    "harm",
    [
        "<script>alert(1)</script>",
        '<circle r="1" onload="alert(1)"/>',
        '<image href="https://elsewhere.example/a.png"/>',
        '<use href="https://elsewhere.example/a.svg#b"/>',
        '<a href="javascript:alert(1)"><circle r="1"/></a>',
        '<rect fill="url(https://elsewhere.example/a)"/>',
        '<rect fill="u\\rl(https://elsewhere.example/a)"/>',
        '<rect style="background:url(https://elsewhere.example/a)"/>',
        "<style>@import 'https://elsewhere.example/a'</style>",
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><iframe src="https://elsewhere.example"/></body></foreignObject>',
        '<animate attributeName="href" to="https://elsewhere.example"/>',
        '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
    ],
)
def test_of_an_svg_only_the_drawing_is_kept(harm: str) -> None:
    clean = bytes_of(read_crest(SVG.format(harm + '<path d="M0 0h9"/>').encode())).decode()

    assert "elsewhere" not in clean
    assert "alert" not in clean
    assert "M0 0h9" in clean
    assert {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(clean).iter()} <= {
        "svg", "circle", "path", "rect",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b'<!DOCTYPE svg [<!ENTITY a "aa">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">&a;</svg>',
        b'<html xmlns="http://www.w3.org/1999/xhtml"/>',
        b'<svg viewBox="0 0 1 1"/>',
        SVG.format("<g>" * 40 + "</g>" * 40).encode(),
        SVG.format("<g/>" * 3_000).encode(),
        SVG.format(" " * MOST_BYTES).encode(),
        png()[:-4],
        png().replace(b"IDAT", b"IDAX"),
        png(2_000, 2_000),
        png(2, 2, bytes(1_000_000)),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_harmless_picture_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequestData):
        read_crest(content)


def test_of_a_png_only_the_picture_is_kept() -> None:
    note = b"tEXtComment\0from the mayor's telephone"
    chunk = struct.pack(">I", len(note) - 4) + note + struct.pack(">I", zlib.crc32(note))

    assert bytes_of(read_crest(png(extra=chunk))) == png()


@given(st.binary(max_size=300))
def test_no_bytes_make_it_stumble(content: bytes) -> None:
    for tried in (content, b"\x89PNG\r\n\x1a\n" + content, b'<svg xmlns="http://www.w3.org/2000/svg" ' + content):
        with contextlib.suppress(BadRequestData):
            read_crest(tried)
