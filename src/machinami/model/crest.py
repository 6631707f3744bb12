"""May this picture stand on every page of a town? SVG and PNG, written anew from the parts that can do no harm (pure).

Nothing of a file is passed on as it came: of an SVG only known elements and attributes, without scripts, styles and
references to anywhere else; of a PNG only the chunks that make the picture.
"""

import re
import struct
import zlib
from base64 import b64decode, b64encode
from xml.etree import ElementTree

from machinami.foundation.errors import BadRequestData
from machinami.model.look import Crest

MOST_BYTES = 200_000
_MOST_ELEMENTS, _DEEPEST, _WIDEST = 2_000, 30, 1_024
_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(
    "svg g path circle ellipse rect line polyline polygon title desc defs linearGradient radialGradient stop "
    "clipPath".split()
)
_ATTRIBUTES = frozenset(
    "id d cx cy r rx ry x y x1 y1 x2 y2 fx fy points width height viewBox transform preserveAspectRatio fill fill-rule "
    "fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray "
    "stroke-dashoffset stroke-opacity opacity clip-path clip-rule color offset stop-color stop-opacity gradientUnits "
    "gradientTransform spreadMethod clipPathUnits pathLength".split()
)
_LOCAL = re.compile(r"url\(#[A-Za-z_][\w.-]*\)\Z")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def read_crest(content: bytes) -> Crest:
    """The picture, written anew. Raises BadRequestData with the fact `key`."""
    if len(content) > MOST_BYTES:
        raise BadRequestData(f"The picture has more than {MOST_BYTES} bytes", key="look.large_crest")
    if content.startswith(_SIGNATURE):
        return Crest("image/png", b64encode(_png(content)).decode())
    return Crest("image/svg+xml", b64encode(_svg(content)).decode())


def bytes_of(crest: Crest) -> bytes:
    """The bytes of a picture."""
    return b64decode(crest.data)


def _unfit(why: str) -> BadRequestData:
    return BadRequestData(f"The picture cannot be used: {why}", key="look.bad_crest")


def _svg(content: bytes) -> bytes:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unfit("it is neither a PNG nor an SVG in UTF-8") from error
    if "<!" in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL):  # entities, a document type, CDATA
        raise _unfit("an SVG with a document type or entities is not taken; save it as plain SVG")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise _unfit(f"it is neither a PNG nor an SVG ({error})") from error
    if root.tag != f"{{{_SVG}}}svg" or not (root.get("viewBox") or (root.get("width") and root.get("height"))):
        raise _unfit("an SVG begins with <svg> in its namespace, with a viewBox or a width and height")
    count = [0]
    ElementTree.register_namespace("", _SVG)
    clean = _clean(root, 0, count)
    assert clean is not None
    made: bytes = ElementTree.tostring(clean, encoding="utf-8")
    return made


def _clean(element: ElementTree.Element, depth: int, count: list[int]) -> ElementTree.Element | None:
    """The element with what it may have; None where it may not be there."""
    count[0] += 1
    if depth > _DEEPEST or count[0] > _MOST_ELEMENTS:
        raise _unfit(f"it has more than {_MOST_ELEMENTS} parts, or they are nested too deeply")
    namespace, _, name = str(element.tag).rpartition("}")
    if namespace != f"{{{_SVG}" or name not in _ELEMENTS:
        return None
    made = ElementTree.Element(str(element.tag))
    for key, value in element.attrib.items():
        if key in _ATTRIBUTES and _is_harmless(value):
            made.set(key, value.strip())
    if name in ("title", "desc"):
        made.text = element.text
    made.extend([kept for child in element if (kept := _clean(child, depth + 1, count)) is not None])
    return made


def _is_harmless(value: str) -> bool:
    plain = value.strip()
    if "url" in plain.lower() or "\\" in plain:
        return bool(_LOCAL.match(plain))
    return ":" not in plain and "@" not in plain and "<" not in plain and len(plain) < 100_000


def _png(content: bytes) -> bytes:
    kept, at, data, size = [_SIGNATURE], len(_SIGNATURE), b"", 0
    first, last = True, b""
    while at + 12 <= len(content) and last != b"IEND":
        (length,) = struct.unpack_from(">I", content, at)
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        end = at + 12 + length
        if end > len(content) or struct.unpack_from(">I", content, end - 4)[0] != zlib.crc32(kind + body):
            raise _unfit("the PNG is damaged")
        if first != (kind == b"IHDR"):
            raise _unfit("the PNG does not begin as one")
        if first:
            size = _png_size(body)
        if kind == b"IDAT":
            data += body
        if kind in _CHUNKS:
            kept.append(content[at:end])
        first, last, at = False, kind, end
    if last != b"IEND" or not data:
        raise _unfit("the PNG is not whole")
    try:
        unpacked = zlib.decompressobj()
        if len(unpacked.decompress(data, size + 1)) > size:
            raise _unfit("the PNG holds more than it says")
    except zlib.error as error:
        raise _unfit("the PNG is damaged") from error
    return b"".join(kept)


def _png_size(header: bytes) -> int:
    """The most bytes that the pixels take. Raises BadRequestData where they are too many."""
    if len(header) != 13:
        raise _unfit("the PNG does not begin as one")
    width, height, depth, colour = struct.unpack_from(">IIBB", header)
    if not (0 < width <= _WIDEST and 0 < height <= _WIDEST) or depth > 16 or colour not in _CHANNELS:
        raise _unfit(f"a PNG has at most {_WIDEST} by {_WIDEST} pixels")
    row = 2 + (width * _CHANNELS[colour] * depth + 7) // 8
    return 2 * int(height) * int(row) + 1_024  # also where it is interlaced
