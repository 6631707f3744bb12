"""How does an administrator say who decides for which purposes people may be asked?"""

from machinami.apis.ethics import shapes
from machinami.apis.ethics.forms import ROWS, board_form, read_board_form
from machinami.apis.ethics.office import PACKAGE, Office
from machinami.apis.ethics.pages import ETHICS, fault_of
from machinami.broker import ethics
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.kit.fault import Fault
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.model.ethics.board import Board, Rule
from machinami.model.policy import Deed


def routes(office: Office) -> list[Route]:
    """The addresses at which a board is appointed."""
    page = office.pages("ethics.board")
    return [
        page("GET", f"{ETHICS}/board", _show(office), "Who decides for which purposes people may be asked"),
        page("POST", f"{ETHICS}/board", _appoint(office), "Say who decides"),
    ]


def _shown(
    office: Office, request: Request, town: Town, known: Board | None, said: dict[str, str], status: int = 200,
    fault: Fault | None = None,
) -> Response:  # fmt: skip
    people = dict(office.people(town))
    people |= {} if known is None else {one.person: one.name for one in known.members if one.person not in people}
    rows = min(ROWS, max(4, 2 + sum(1 for name in said if name.startswith("person-") and said[name])))
    return office.show(
        request, "board", status, said=said, people=sorted(people.items(), key=lambda one: one[1]), rows=rows,
        rules=list(Rule), fault=fault,
    )  # fmt: skip


def _show(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town = await office.town(request)
        demand(town.policy, office.identify(request), Deed.ADMINISTER)
        known = await ethics.board(town)
        return _shown(office, request, town, known, board_form(known))

    return show


def _appoint(office: Office) -> PageHandler:
    async def take_in(request: Request) -> Response:
        town, by, form = await office.town(request), office.identify(request), read_form(request)
        demand(town.policy, by, Deed.ADMINISTER)
        known = await ethics.board(town)
        try:
            document = read_board_form(form, known, dict(office.people(town)))
            await ethics.appoint(town, shapes.read_board(document, town.clock()), by)
        except BadRequestData as error:
            fault = fault_of(error, office.frame.words(request, PACKAGE))
            return _shown(office, request, town, known, form, 422, fault)
        return see_other(f"{ETHICS}?done=board")

    return take_in
