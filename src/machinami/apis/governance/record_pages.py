"""Who did what in town? Pages to search, take out and verify the record; for each, what was done in their name."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson

from machinami.apis.governance.audit_api import LINES, kept_head, read_before
from machinami.apis.governance.office import Office
from machinami.apis.governance.sentences import Line, line
from machinami.apis.governance.shapes import COLUMNS, entry_row, place_text
from machinami.broker.audit import Search, Trail
from machinami.broker.discovery import types
from machinami.broker.policy import may_administer
from machinami.broker.reasons import expanded, short
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.kit.frame import PageHandler, read_form
from machinami.kit.http import Request, Response, Route
from machinami.kit.words import Words
from machinami.model.audit import Entry
from machinami.model.policy import Deed
from machinami.model.town_terms import TERMS

AUDIT = "/audit"
_PAGE = 50
_FIELDS = ("who", "what", "did", "purpose", "since", "until", "outcome")


@dataclass(frozen=True, slots=True)
class LineView:
    """An entry, ready for eyes."""

    line: Line
    at: datetime


def routes(office: Office) -> list[Route]:
    """The addresses of the record for people."""
    page = office.frame.page
    return [
        page("GET", AUDIT, _show(office), "Who did what"),
        page("GET", f"{AUDIT}/own", _own(office), "What was done in my name"),
        page("GET", f"{AUDIT}/entries.jsonl", _lines(office), "Entries of the record as JSON Lines"),
        page("GET", f"{AUDIT}/entries.csv", _table(office), "Entries of the record as CSV"),
        page("GET", f"{AUDIT}/verification", _verify(office), "Verify the record"),
        page("POST", f"{AUDIT}/verification", _verify(office), "Verify the record"),
    ]


def _wanted(office: Office, request: Request, town: Town) -> Search:
    """What the form asks for; people and programs can be named as they are called. Raises BadRequestData."""
    said = {name: request.arguments.get(name, "").strip() for name in _FIELDS}
    zone = ZoneInfo(office.frame.zone)
    since, until = (_moment(said[name], zone, name) for name in ("since", "until"))
    refused = {"refused": True, "allowed": False}.get(said["outcome"])
    what = _what(office.words(request), said["what"])
    did = said["did"] if said["did"] in set(Deed) else ""
    return Search(_who(office, town, said["who"]), what, did, since, until, refused, said["purpose"])


def _who(office: Office, town: Town, text: str) -> str:
    """The id of who is named so: a person by name, a program by what it is for; else the text itself."""
    for one in office.people(town):
        if text in (one.name, one.display):
            return one.principal_id
    return next((key.principal.id for key in office.programs(town) if text == key.name), text)


def _what(words: Words, text: str) -> str:
    """What is named so: a type in the reader's words, a name of the town, or the id of an entity."""
    named = (name for name in TERMS if words.has(f"type.{name}") and words.plain(f"type.{name}") == text)
    return expanded(next(named, text)) if text else ""


def _moment(text: str, zone: ZoneInfo, name: str) -> datetime | None:
    """A moment as a browser's field says it (without a zone: the town's), or with one."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return parse_instant(text, name)
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _views(office: Office, request: Request, town: Town, trail: Trail) -> Sequence[LineView]:
    names = office.names(request, town)
    return [LineView(line(one, names), parse_instant(one["at"])) for one in trail.entries]


def _older(request: Request, trail: Trail) -> str:
    """The address of what is older; empty at the end."""
    if trail.before is None:
        return ""
    said = {name: text for name, text in request.arguments.items() if text and name not in ("before", "lang")}
    return f"{request.path}?{urlencode({**said, 'before': place_text(trail.before)})}"


def _show(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        trail, fault = Trail((), None), ""
        try:
            wanted = _wanted(office, request, town)
            trail = await office.towns.audit(town).search(wanted, _PAGE, by, read_before(request))
        except BadRequestData as error:
            fault = error.detail
        said = {name: request.arguments.get(name, "") for name in _FIELDS}
        query = urlencode({name: text for name, text in said.items() if text})
        here = [one.display for one in office.people(town)] + [key.name for key in office.programs(town)]
        return office.show(
            request, "record", 422 if fault else 200, protected=not town.policy.is_open, fault=fault,
            lines=_views(office, request, town, trail), older=_older(request, trail), said=said, deeds=tuple(Deed),
            query=query, people=here,
            kinds=[short(summary.type) for summary in await types(town, by)],
        )  # fmt: skip

    return show


def _own(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.towns.town(request.header(b"ngsild-tenant")), office.by(request)
        trail = await office.towns.audit(town).own(Search(), _PAGE, by, read_before(request))
        lines = _views(office, request, town, trail)
        rules = may_administer(town.policy, by)
        return office.show(request, "own", lines=lines, older=_older(request, trail), administers=rules)

    return show


async def _taken_out(office: Office, request: Request) -> AsyncIterator[Sequence[Entry]]:
    """All that is wanted, part by part; the first part is looked for here, so that a refusal is one."""
    town = await office.town(request)
    found = office.towns.audit(town).taken_out(_wanted(office, request, town), office.by(request))
    first = await anext(found)

    async def parts() -> AsyncIterator[Sequence[Entry]]:
        yield first
        async for part in found:
            yield part

    return parts()


def _file(parts: AsyncIterator[bytes], media: bytes, name: str, begin: bytes = b"") -> Response:
    saved = f'attachment; filename="{name}"'.encode()
    return Response(200, begin, media, [(b"content-disposition", saved), (b"cache-control", b"no-store")], parts)


def _lines(office: Office) -> PageHandler:
    async def give(request: Request) -> Response:
        found = await _taken_out(office, request)
        parts = (b"".join(orjson.dumps(one) + b"\n" for one in part) async for part in found)
        return _file(parts, LINES, "audit.jsonl")

    return give


def _table(office: Office) -> PageHandler:
    async def give(request: Request) -> Response:
        found = await _taken_out(office, request)
        parts = (_sheet(entry_row(one) for one in part) async for part in found)
        begin = b"\xef\xbb\xbf" + _sheet([COLUMNS])
        return _file(parts, b"text/csv; charset=utf-8", "audit.csv", begin)

    return give


def _sheet(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _verify(office: Office) -> PageHandler:
    """GET shows the head, POST follows the whole record: a form, as that may take a while."""

    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        audit, words = office.towns.audit(town), office.words(request)
        head, kept, found, fault = await audit.head(by), "", None, ""
        if request.method == "POST":
            kept = read_form(request).get("head", "").strip()
            try:
                found = await audit.verify(kept_head(kept), by)
            except BadRequestData:
                fault = words.plain("verify.bad")
        return office.show(
            request, "verify", 422 if fault else 200, head=head if head.number else None, kept=kept, found=found,
            fault=fault,
        )  # fmt: skip

    return show
