"""What has the town published about its people as a whole? Pages, tables to keep, and a catalogue, for everyone."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from machinami.apis.releases.documents import catalogue_document, public_document, safety_of
from machinami.apis.releases.office import Press, numbered
from machinami.broker.releases import shelf
from machinami.broker.releases.version import State, Version
from machinami.broker.town import Town
from machinami.foundation.errors import Forbidden, NotFound
from machinami.kit.frame import PageHandler
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.kit.words import Words
from machinami.methods.anonymity.ladders import ANY, UNKNOWN
from machinami.methods.anonymity.plan import Method

OPEN = "/open-data"
HELD = "x"
"""What stands in a table to keep where a value is held back, as in official statistics (秘匿)."""
_SHOWN = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class TableView:
    """A table, ready for eyes. rows: texts; numbers: which columns hold numbers; more: rows that are not shown."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[bool]
    more: int


def routes(press: Press) -> list[Route]:
    """The addresses of what is published."""
    page = press.frame.page
    return [
        page("GET", OPEN, _list(press), "What the town has published about its people as a whole"),
        Route("GET", f"{OPEN}/catalogue.json", _catalogue(press), "The published data sets (DCAT)", "Anonymous data"),
        page("GET", f"{OPEN}/{{id}}/{{file}}", _one(press), "A published data set, also as .csv and .json"),
    ]


def _list(press: Press) -> PageHandler:
    async def show(request: Request) -> Response:
        town = await press.town(request)
        found = [one for one in await shelf.published(town) if one.state is State.PUBLISHED]
        return press.show(request, "open", found=found, makes=shelf.may_make(town, press.by(request)))

    return show


def _catalogue(press: Press) -> Handler:
    async def tell(request: Request) -> Response:
        town = await press.town(request)
        document = catalogue_document(town.name, await shelf.published(town))
        return Response(200, orjson.dumps(document), b"application/ld+json", [(b"cache-control", b"no-store")])

    return tell


def _one(press: Press) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await press.town(request), press.by(request)
        number, _, form = request.params["file"].partition(".")
        found = shelf.version(town, request.params["id"], numbered(number), by)
        if not found.is_out or form not in ("", "csv", "json"):
            raise NotFound("There is no such data set here")
        has = shelf.may_have(town, found, by)
        if form and not has:
            raise Forbidden(
                "Rows of persons are given to who has a contract with the town (APPI 115); the page says how to ask"
            )
        if form and found.state is State.WITHDRAWN:
            raise NotFound(f"This data set was withdrawn: {found.withdrawn_for}")
        if form == "json":
            return Response(200, orjson.dumps(public_document(found, True)), JSON, _kept(found, form))
        if form == "csv":
            return Response(200, _csv(found), b"text/csv; charset=utf-8", _kept(found, form))
        return _page(press, request, town, found, has)

    return show


def _kept(found: Version, form: str) -> list[tuple[bytes, bytes]]:
    name = f"attachment; filename*=UTF-8''{found.description.id}-{found.number}.{form}"
    return [(b"content-disposition", name.encode()), (b"cache-control", b"no-store")]


def _page(press: Press, request: Request, town: Town, found: Version, has: bool) -> Response:
    words = press.words(request)
    return press.show(
        request, "one", one=found, has=has, table=table_view(found, words) if has else None, safety=safety_of(found),
        by=press.who(request, town, found.decided_by), gone=found.state is State.WITHDRAWN,
        titles=found.description.plan.titles(words.language), people=len(found.rows),
    )  # fmt: skip


def table_view(found: Version, words: Words) -> TableView:
    """The table of a version in the reader's words."""
    titles = {one.name: dict(one.title).get(words.language, one.name) for one in found.description.plan.columns}
    titles["people"] = words.plain("table.people")
    is_table = found.description.plan.method is not Method.ROWS
    rows = [[_cell(value, words, is_table) for value in row] for row in found.rows[:_SHOWN]]
    numbers = [any(isinstance(row[at], int | float) for row in found.rows) for at in range(len(found.header))]
    header = [titles.get(name, name) for name in found.header]
    return TableView(header, rows, numbers, max(0, len(found.rows) - _SHOWN))


def _cell(value: object, words: Words, is_table: bool) -> str:
    if value is None:
        return words.plain("table.held")
    if value == ANY:
        return words.plain("table.all" if is_table else "table.unsaid")
    if value == UNKNOWN:
        return words.plain("table.unknown")
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def _csv(found: Version) -> bytes:
    """The table as CSV with a byte order mark, without which spreadsheets misread Japanese; nothing in it is taken for
    a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(found.header)
    for row in found.rows:
        writer.writerow([HELD if value is None else _safe(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
