"""Pictures drawn for tests: a photo as a phone sends it, with all that it says besides."""

from io import BytesIO

from PIL import Image, ImageDraw

PLACE = 0x8825
ORIENTATION = 0x0112
SECRET = b"a camera that says where it was"


def street(width: int = 1200, height: int = 900, turned: int = 1) -> bytes:
    """A street with a dark lamp, as a JPEG with Exif that tells the place and how it was held."""
    picture = Image.new("RGB", (width, height), (188, 205, 222))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height * 2 // 3, width, height), fill=(96, 98, 102))
    draw.rectangle((width // 2 - 12, height // 5, width // 2 + 12, height * 2 // 3), fill=(70, 74, 80))
    draw.ellipse((width // 2 - 60, height // 5 - 50, width // 2 + 60, height // 5 + 30), fill=(52, 54, 58))
    draw.rectangle((0, 0, width // 8, height // 8), fill=(255, 0, 0))  # red in the upper left corner
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    exif[0x010F] = SECRET.decode()
    exif.get_ifd(PLACE).update({1: "N", 2: (34.0, 48.0, 30.0), 3: "E", 4: (137.0, 24.0, 12.0)})
    written = BytesIO()
    picture.save(written, "JPEG", quality=90, exif=exif, comment=SECRET)
    return written.getvalue()


def drawn(kind: str, width: int = 64, height: int = 48, mode: str = "RGB") -> bytes:
    """A small picture of a kind."""
    written = BytesIO()
    Image.new(mode, (width, height), 128 if mode in ("L", "P") else None).save(written, kind)
    return written.getvalue()
