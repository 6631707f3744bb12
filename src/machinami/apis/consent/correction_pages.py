"""How does somebody say that a value about them is wrong, and how does an officer decide on it?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from markupsafe import Markup

from machinami.apis.consent.consent_pages import told
from machinami.apis.consent.mine_pages import MINE
from machinami.apis.consent.office import STAFF, Office
from machinami.apis.consent.views import said_value
from machinami.broker import corrections, history, holdings, persons
from machinami.broker.persons import as_person
from machinami.broker.reasons import expanded, short
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.kit.fault import Fault
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.naming import Names
from machinami.kit.units import symbol
from machinami.model.correction import CorrectionRequest
from machinami.model.principal import Principal

OWN, DECIDING = f"{MINE}/corrections", "/corrections"


def routes(office: Office) -> list[Route]:
    """The addresses of requests for correction."""
    page, deciding = office.pages("corrections"), office.pages("deciding", STAFF)
    return [
        page("GET", OWN, _list(office), "What I said is wrong, and what was decided"),
        page("GET", f"{OWN}/new", _ask(office), "Say that a value about me is wrong"),
        page("POST", OWN, _take(office), "Say that a value about me is wrong"),
        deciding("GET", DECIDING, _every(office), "What people said is wrong about them"),
        deciding("POST", f"{DECIDING}/decision", _decide(office), "Accept or refuse a correction"),
    ]


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request, ready for eyes."""

    request: CorrectionRequest
    label: Markup
    was: str
    wanted: str


def _view(one: CorrectionRequest, names: Names) -> RequestView:
    label = Markup(" ・ ").join((names.type(one.type), names.attribute(one.attribute)))
    return RequestView(one, label, said_value(one.value, names), said_value(one.wanted, names))


def _list(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        found = await corrections.own(town, by)
        names = office.names(request, town)
        return office.show(
            request, "corrections", rows=[_view(one, names) for one in found], names=names,
            done=request.arguments.get("done", ""),
        )  # fmt: skip

    return show


async def _form(
    office: Office, request: Request, said: Mapping[str, str], status: int = 200, fault: Fault | str = ""
) -> Response:
    """The form for one value, with what is kept now."""
    town, by = await office.town(request), office.by(request)
    value, unit = await _kept(town, said, by)
    names = office.names(request, town)
    return office.show(
        request, "correct", status, said=said, fault=fault, value=said_value(value, names), unit=unit,
        typed=typed(value), label=names.attribute(expanded(said.get("attribute", ""))),
    )  # fmt: skip


async def _kept(town: Town, said: Mapping[str, str], by: Principal) -> tuple[Any, str]:
    """The value that is meant, and its unit. Raises NotFound for what is not about who asks."""
    entity, instance = said.get("entity", ""), said.get("instance", "")
    one = await holdings.one_held(town, entity, await persons.names_of(town, by))
    found = await history.instance_of(town, entity, expanded(said.get("attribute", "")), instance, as_person(one.name))
    return found.value.value, symbol(found.value.unit_code)


def typed(value: object) -> str:
    """How a value is typed into a form: `number`, `yes` or no, `text`, or as JSON."""
    if isinstance(value, bool):
        return "yes"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) or value is None else "json"


def read_wanted(form: Mapping[str, str], kept: object) -> Any:
    """What somebody says is right; None where nothing should be kept. Raises BadRequestData."""
    if form.get("how") == "nothing":
        return None
    text, kind = form.get("wanted", "").strip(), typed(kept)
    if not text:
        raise BadRequestData("Say what is right", member="wanted", key="correct.no_wanted")
    try:
        if kind == "number":
            number = float(text)
            if not isfinite(number):
                raise ValueError
            return int(number) if number.is_integer() and isinstance(kept, int) else number
        if kind == "yes":
            return {"true": True, "false": False}[text]
        return json.loads(text) if kind == "json" else text[:2_000]
    except (ValueError, KeyError):
        raise BadRequestData("This is no value of its kind", member="wanted", key="correct.bad_wanted") from None


def _ask(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _form(office, request, request.arguments)

    return show


def _take(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        try:
            kept, _ = await _kept(town, form, by)
            wanted = read_wanted(form, kept)
            attribute, reason = expanded(form.get("attribute", "")), form.get("reason", "")
            await corrections.ask(town, form.get("entity", ""), attribute, form.get("instance", ""), wanted, reason, by)
        except BadRequestData as error:
            status, fault = told(office, request, error)
            return await _form(office, request, form, status, fault)
        return see_other(f"{OWN}?done=asked")

    return take


async def _officer(office: Office, request: Request, status: int = 200, fault: Fault | str = "") -> Response:
    town, by = await office.town(request), office.by(request)
    names = office.names(request, town)
    found = await corrections.every(town, by)
    rows = [_view(one, names) for one in found]
    return office.show(
        request, "deciding", status, rows=rows, names=names, fault=fault, done=request.arguments.get("done", ""),
        me=by.id, short=short,
    )  # fmt: skip


def _every(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _officer(office, request)

    return show


def _decide(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        corrections.demand_deciding(town, by)
        accepts = form.get("verdict") == "accept"
        try:
            done = await corrections.decide(town, form.get("id", ""), accepts, form.get("answer", ""), by)
        except MachinamiError as error:
            status, fault = told(office, request, error)
            return await _officer(office, request, status, fault)
        return see_other(f"{DECIDING}?done={done.standing}")

    return take
