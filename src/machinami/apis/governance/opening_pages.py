"""How does an administrator open data to everyone, or add any other row? Chosen, looked at, and only then done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from machinami.apis.governance.drafts import CHOSEN, open_draft, row_draft, sent_row
from machinami.apis.governance.office import Office
from machinami.apis.governance.policy_api import rows_of
from machinami.apis.governance.policy_pages import POLICY, RowView, row_view, shown, whom_choices
from machinami.broker import opening, operations, policy_rows
from machinami.broker.discovery import types
from machinami.broker.reasons import expanded, short
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists, BadRequestData, MachinamiError
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.naming import Names
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.names import LOCATION
from machinami.model.opening import usual_rows
from machinami.model.policy import Deed, Row, Whom
from machinami.model.policy_document import write_row
from machinami.model.policy_remarks import Remark, remarks
from machinami.model.query import Page, Query, TypeIs
from machinami.model.town_terms import TERMS

_DISTRICTS = 200
_LONG = 80


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What a row would let be seen, ready for eyes. carried: the row as the form brings it back; facts: the example,
    attribute by attribute."""

    view: RowView
    carried: str
    count: int
    before: int
    example: Entity | None
    facts: Sequence[tuple[Markup, str]]
    personal: Markup
    everyone: bool
    reads: bool


def routes(office: Office) -> list[Route]:
    """The addresses where rows are put together."""
    page = office.frame.page
    return [
        page("GET", f"{POLICY}/open", _open(office), "Open data to everyone"),
        page("GET", f"{POLICY}/new", _new(office), "Put a row together"),
        page("POST", f"{POLICY}/rows", _allow(office), "Add a row to the policy"),
        page("GET", f"{POLICY}/usual", _usual(office), "What a town usually opens"),
        page("POST", f"{POLICY}/usual", _open_usual(office), "Open what a town usually opens"),
    ]


async def _previewed(office: Office, request: Request, town: Town, row: Row) -> PreviewView:
    by, names = office.by(request), office.names(request, town)
    rows = [one for one in await policy_rows.prospective(town, by) if one.id != row.id]
    found = await opening.preview(town, row, rows, by)
    odd = remarks((*rows, row), await office.present(town, by)).get(row.id)
    if odd is not None and odd.empty:  # the preview says so itself
        odd = Remark(odd.repeats, odd.unreached)
    facts = [] if found.example is None else _facts(found.example, names)
    marks = names.listed(names.type(name) if name in row.types else names.attribute(name) for name in found.personal)
    carried = json.dumps(write_row(row), ensure_ascii=False)
    everyone = row.whom is Whom.EVERYONE
    return PreviewView(
        row_view(row, names, odd), carried, found.count, found.before, found.example, facts, marks, everyone,
        Deed.READ in row.deeds,
    )  # fmt: skip


def _facts(entity: Entity, names: Names) -> list[tuple[Markup, str]]:
    """The example as a table: what each attribute is called, and its value in a line."""
    rows = [(name, many[0]) for name, many in entity.attributes.items() if many]
    return [(names.attribute(name), _text(one, names.words.language)) for name, one in sorted(rows, key=_by_name)]


def _by_name(row: tuple[str, Attribute]) -> str:
    return short(row[0])


def _text(one: Attribute, language: str) -> str:
    value: Any = one.value
    if one.kind is Kind.LANGUAGE and isinstance(value, dict):
        value = value.get("en" if language == "en" else "ja") or next(iter(value.values()), "")
    if isinstance(value, dict) and value.get("type") == "Point":
        lon, lat = value["coordinates"][:2]
        return f"{lat:.5f}, {lon:.5f}"
    if isinstance(value, dict) and "coordinates" in value:
        return str(value.get("type"))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONG else text[:_LONG] + "…"


async def _choices(office: Office, request: Request, town: Town) -> dict[str, Any]:
    """What can be chosen from: types with their attributes, and districts that have an area."""
    by, names = office.by(request), office.names(request, town)
    kinds = await types(town, by)
    query = Query(types=TypeIs(TERMS["District"]))
    found = (await operations.query(town, query, Page(_DISTRICTS, 0), by)).entities
    areas = [(one.id, _called(one, names.words.language)) for one in found if _has_area(one)]
    marks = set(policy_rows.marked(town, by))
    return {"kinds": sorted(kinds, key=lambda one: short(one.type)), "areas": areas, "names": names, "marks": marks}


def _called(entity: Entity, language: str) -> str:
    name = entity.get(TERMS["name"])
    return entity.id if name is None else _text(name, language)


def _has_area(entity: Entity) -> bool:
    place = entity.get(LOCATION)
    return place is not None and isinstance(place.value, dict) and "Polygon" in str(place.value.get("type"))


async def _taken(town: Town, office: Office, request: Request) -> set[str]:
    return {row.id for row in await policy_rows.prospective(town, office.by(request))}


def _open(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, said = await office.town(request), request.arguments
        choices = await _choices(office, request, town)
        kind = next((one for one in choices["kinds"] if short(one.type) == said.get("type")), None)
        preview, fault = None, ""
        if kind is not None and said.get("look"):
            try:
                row = await open_draft(town, said, await _taken(town, office, request), office.by(request))
                preview = await _previewed(office, request, town, row)
            except BadRequestData as error:
                fault = error.detail
        attributes = sorted(kind.attributes, key=short) if kind is not None else ()
        return office.show(
            request, "open", 422 if fault else 200, kind=kind, attributes=attributes, said=said, chosen=CHOSEN,
            preview=preview, fault=fault, short=short, expanded=expanded, **choices,
        )  # fmt: skip

    return show


def _new(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, said = await office.town(request), request.arguments
        preview, fault = None, ""
        if said.get("look"):
            try:
                row = await row_draft(town, said, await _taken(town, office, request), office.by(request))
                preview = await _previewed(office, request, town, row)
            except MachinamiError as error:
                fault = error.detail
        return office.show(
            request, "new", 422 if fault else 200, said=said, preview=preview, fault=fault, short=short,
            whom=whom_choices(office, town), deeds=tuple(Deed), **await _choices(office, request, town),
        )  # fmt: skip

    return show


def _allow(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form, town = read_form(request), await office.town(request)
        words = office.words(request)
        try:
            row = sent_row(form.get("row", ""))
            preview = await _previewed(office, request, town, row)
            if preview.everyone and preview.personal and not form.get("sure"):
                return office.show(
                    request, "confirm", 422, preview=preview, fault=words.plain("open.bad_sure"), short=short
                )
            await policy_rows.allow(town, row, office.by(request))
        except AlreadyExists:
            return await shown(office, request, 422, words.plain("open.taken"))
        except MachinamiError as error:
            return await shown(office, request, 422, words.plain("open.refused", why=error.detail))
        return see_other(f"{POLICY}?{_done('allowed', row)}")

    return take


def _done(what: str, row: Row) -> str:
    return f"done={what}#row-{quote(row.id)}"


def _usual(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _usual_shown(office, request)

    return show


async def _usual_shown(office: Office, request: Request, status: int = 200, fault: str = "") -> Response:
    town = await office.town(request)
    rows, _ = await rows_of(office, town, office.by(request))
    present: Mapping[str, bool] = {row.id: True for row in rows}
    found = [await _previewed(office, request, town, row) for row in usual_rows()]
    return office.show(request, "usual", status, previews=found, present=present, fault=fault, short=short)


def _open_usual(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form, town, by = read_form(request), await office.town(request), office.by(request)
        taken, words = await _taken(town, office, request), office.words(request)
        wanted = [row for row in usual_rows() if form.get(row.id) and row.id not in taken]
        if not wanted:
            return await _usual_shown(office, request, 422, words.plain("usual.unsaid"))
        for row in wanted:
            preview = await _previewed(office, request, town, row)
            if preview.personal and not form.get(f"sure-{row.id}"):
                return await _usual_shown(office, request, 422, words.plain("open.bad_sure"))
        for row in wanted:
            await policy_rows.allow(town, row, by)
        return see_other(f"{POLICY}?done=usual")

    return take
