"""What was typed, chosen and drawn on the forms of reports?"""

import json
from collections.abc import Mapping, Sequence

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.signing import said_if
from machinami.methods.photographs import Rectangle
from machinami.model.view import Point, Words
from machinami.services.civic_reports.book.reception import Draft
from machinami.services.civic_reports.book.sheets import Sheet
from machinami.services.civic_reports.model import LONGEST_PLACE, LONGEST_TEXT

FIELDS = ("category", "text", "landmark", "lat", "lon", "name", "email", "phone", "agree", "detail")
FILTERS = ("category", "state", "office", "q", "waits")
PHOTOS = ("photo1", "photo2", "photo3")
FORMS = ("large", "small", "before")
_ASKED = "asked "


def draft(form: Mapping[str, str], files: Mapping[str, bytes], language: str) -> Draft:
    """A report as it was handed in on the page. Raises BadRequestData."""
    return Draft(
        form.get("category", ""),
        said_if(form, "text", LONGEST_TEXT),
        language,
        place(form),
        said_if(form, "landmark", LONGEST_PLACE),
        [files[name] for name in PHOTOS if name in files],
        {name: said_if(form, name, 120) for name in ("name", "email", "phone")},
        {name.removeprefix(_ASKED): text for name, text in form.items() if name.startswith(_ASKED)},
        agrees=form.get("agree") == "yes",
    )


def place(form: Mapping[str, str]) -> Point | None:
    """The place that was tapped or found by the phone; None where there was none. Raises BadRequestData."""
    lon, lat = form.get("lon", "").strip(), form.get("lat", "").strip()
    if not lon and not lat:
        return None
    try:
        found = Point(round(float(lon), 6), round(float(lat), 6))
    except ValueError:
        raise BadRequestData("The place is no longitude and latitude", field="place") from None
    if not (-180 <= found.lon <= 180 and -90 <= found.lat <= 90):
        raise BadRequestData("The place is not on the earth", field="place")
    return found


def rectangles(text: str) -> list[Rectangle]:
    """Parts of a photo, as rows of four percentages (left, top, width, height), or as JSON rows of shares. Raises
    BadRequestData."""
    try:
        if text.lstrip().startswith("["):
            rows = [[float(number) for number in row] for row in json.loads(text)]
        else:
            lines = [line.replace(",", " ").split() for line in text.splitlines() if line.strip()]
            rows = [[float(number) / 100 for number in line] for line in lines]
        return [Rectangle(*row) for row in rows]
    except (ValueError, TypeError, RecursionError):
        raise BadRequestData(
            "Write one rectangle a line: left, top, width and height in percent, as 10 20 30 15", field="rectangles"
        ) from None


def photo_of(name: str) -> tuple[str, str]:
    """The name and the form of a photo, of the name of its file. Raises NotFound."""
    head, _, form = name.removesuffix(".jpg").rpartition("-")
    if not head or form not in FORMS or not name.endswith(".jpg"):
        raise NotFound("There is no such photo")
    return head, form


def chosen(rows: Sequence[Sheet], asked: Mapping[str, str], as_officer: bool) -> list[Sheet]:
    """The reports that somebody wants to see, by category, state, office, and a word or a number."""
    found = [row for row in rows if row.state != "withdrawn"]
    if asked.get("category"):
        found = [row for row in found if row.code == asked["category"]]
    if asked.get("state"):
        found = [row for row in found if row.state == asked["state"]]
    elif as_officer and not asked.get("q"):
        found = [row for row in found if row.is_open or row.waits]
    if asked.get("office"):
        found = [row for row in found if row.office == asked["office"]]
    if asked.get("waits"):
        found = [row for row in found if row.waits]
    word = asked.get("q", "").strip().casefold()
    if word:
        found = [
            row
            for row in found
            if word in f"{row.number} {row.text} {row.landmark} {row.district} {row.title}".casefold()
        ]
    return found


def names(form: Mapping[str, str]) -> Words:
    """The name of a category in the languages in which it was typed."""
    said = {tag: said_if(form, f"name_{tag}", 80) for tag in ("ja", "en", "easy")}
    found = Words({tag: text for tag, text in said.items() if text})
    if not found.get("ja"):
        raise BadRequestData("Give the category a name in Japanese", field="name_ja")
    return found


def whole(form: Mapping[str, str], name: str) -> int:
    """A whole number. Raises BadRequestData."""
    text = form.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise BadRequestData(f"The field {name!r} is a whole number", field=name)
    return int(text)
