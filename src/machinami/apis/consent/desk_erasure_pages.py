"""How does a clerk have somebody forgotten who stands at a desk, and what paper do they get of it?"""

from collections.abc import Mapping
from urllib.parse import urlencode

from machinami.apis.consent.consent_pages import told
from machinami.apis.consent.desk_pages import DESK, PROOFS, Visitor, names_at, proof_of, visitor
from machinami.apis.consent.erasure_pages import COPIES, chosen_types, ground_said
from machinami.apis.consent.office import STAFF, Office
from machinami.broker import forgetting, leaving
from machinami.broker.reasons import short
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError, NotFound
from machinami.foundation.instant import parse_instant
from machinami.kit.fault import Fault
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route

ERASURE = f"{DESK}/erasure"


def routes(office: Office) -> list[Route]:
    """The addresses of erasure at the desk."""
    page = office.pages("desk", STAFF)
    return [
        page("GET", ERASURE, _plan(office), "What would be erased of somebody at the desk, and what would stay"),
        page("POST", ERASURE, _forget(office), "Have somebody forgotten on their wish"),
        page("GET", f"{ERASURE}/report", _report(office), "The report of an erasure, in large type"),
    ]


def _plan(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        who = visitor(office, town, request.arguments, by)
        return await _page(office, request, town, who, {})

    return show


async def _page(
    office: Office, request: Request, town: Town, who: Visitor, said: Mapping[str, str], status: int = 200,
    fault: Fault | str = "",
) -> Response:  # fmt: skip
    wanted = await leaving.plan_for(town, names_at(town, who))
    town.policy.note_shown(office.by(request), [who.id], "desk")
    types = list(dict.fromkeys(one.type for one in wanted.parts))
    return office.show(
        request, "desk_erasure", status, who=who, plan=wanted, types=types, names=office.names(request, town),
        short=short, ground=ground_said, proofs=PROOFS, said=said, fault=fault,
    )  # fmt: skip


def _forget(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        who, chosen = visitor(office, town, form, by), chosen_types(form)
        try:
            if form.get("sure") != "yes":
                raise BadRequestData("Erasing needs a mark that it cannot be undone", key="erasure.not_sure")
            if chosen is not None and not chosen:
                raise BadRequestData("Choose what is to go", key="erasure.none_chosen")
            made = await leaving.leave_at_desk(town, names_at(town, who), by, proof_of(form), chosen)
        except MachinamiError as error:
            status, fault = told(office, request, error)
            return await _page(office, request, town, who, form, status, fault)
        ids = ",".join(str(one["id"]) for one in made)
        return see_other(f"{ERASURE}/report?{who.query}&{urlencode({'ids': ids})}")

    return take


def _report(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        who, names = visitor(office, town, request.arguments, by), office.names(request, town)
        wanted = list(filter(None, request.arguments.get("ids", "").split(",")))
        known = {one["id"]: one for name in names_at(town, who) for one in await forgetting.of_person(town, name, by)}
        accounts = [known[one] for one in wanted if one in known]
        if not accounts:
            raise NotFound("There is no such report of theirs")
        return office.show(
            request, "erased", who=who, accounts=accounts, names=names, ground=ground_said, moment=parse_instant,
            copies=COPIES,
        )  # fmt: skip

    return show
