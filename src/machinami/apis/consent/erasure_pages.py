"""How does somebody have the town forget them, and where is it written what went and what stayed?"""

from machinami.apis.consent.mine_pages import MINE, open_town
from machinami.apis.consent.office import Office
from machinami.broker import forgetting
from machinami.broker.reasons import expanded, short
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route

ERASURE = f"{MINE}/erasure"


def routes(office: Office) -> list[Route]:
    """The addresses of erasure."""
    page = office.frame.page
    return [
        page("GET", ERASURE, _plan(office), "What would be erased, and what would stay"),
        page("POST", ERASURE, _forget(office), "Have what is about me erased"),
        page("GET", f"{ERASURE}/{{id}}", _report(office), "The report of an erasure"),
    ]


async def _page(office: Office, request: Request, status: int = 200, fault: str = "") -> Response:
    town, by = await open_town(office, request), office.by(request)
    wanted = await forgetting.plan(town, by)
    types = list(dict.fromkeys(one.type for one in wanted.gone))
    return office.show(
        request, "erasure", status, plan=wanted, types=types, names=office.names(request, town), short=short,
        fault=fault, reports=await forgetting.reports(town, by),
    )  # fmt: skip


def _plan(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _page(office, request)

    return show


def _forget(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await open_town(office, request), office.by(request)
        words = office.words(request)
        if form.get("sure") != "yes":
            return await _page(office, request, 422, words.plain("erasure.not_sure"))
        ticked = [name.removeprefix("type_") for name, said in form.items() if name.startswith("type_") and said]
        chosen = set(map(expanded, ticked))
        if form.get("what") == "some" and not chosen:
            return await _page(office, request, 422, words.plain("erasure.none_chosen"))
        report = await forgetting.forget(town, by, chosen if form.get("what") == "some" else None)
        return see_other(f"{ERASURE}/{report.id}")

    return take


def _report(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await open_town(office, request), office.by(request)
        report = await forgetting.report(town, request.params["id"], by)
        return office.show(request, "erased", report=report, names=office.names(request, town))

    return show
