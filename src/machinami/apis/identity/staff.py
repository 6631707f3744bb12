"""Who are the people of the town, and what may an administrator change of them?"""

from collections.abc import Mapping

from machinami.apis.identity.pages import Page, Pages, status_of
from machinami.broker.identity import people
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.kit.frame import see_other
from machinami.kit.http import Request, Response, Route
from machinami.model.identity.account import PEOPLE_ROLES
from machinami.model.principal import Role

PEOPLE = "/people"
ROLES = tuple(role.value for role in Role if role in PEOPLE_ROLES)


def routes(pages: Pages) -> list[Route]:
    """The addresses of the town's people."""
    page = pages.frame.page
    return [
        page("GET", PEOPLE, _show(pages), "The people of the town"),
        page("POST", PEOPLE, _add(pages), "Invite somebody"),
        page("POST", f"{PEOPLE}/{{id}}/invitation", _invite(pages), "A new link for somebody"),
        page("POST", f"{PEOPLE}/{{id}}/roles", _roles(pages), "Change what somebody is"),
        page("POST", f"{PEOPLE}/{{id}}/end", _end(pages), "Somebody leaves"),
    ]


def _shown(
    pages: Pages, request: Request, status: int = 200, link: str = "", fault: str = "",
    typed: Mapping[str, str] | None = None, about: str = "new",
) -> Response:  # fmt: skip
    """The page. typed: the form that was refused, so that nobody types it again; about: whose it was."""
    pages.administrator(request)
    everyone = sorted(
        pages.registry(request).accounts.values.values(), key=lambda one: (one.ended is not None, one.name)
    )
    here = [one for one in everyone if one.ended is None]
    return pages.show(
        request, "people", status, people=everyone, here=here, roles=ROLES, link=link, fault=fault,
        said=request.arguments.get("done", ""), about=about if typed is not None else "",
        typed={**(typed or {}), "roles": _chosen(typed or {}), "level": _level(typed or {})},
    )  # fmt: skip


def _chosen(form: Mapping[str, str]) -> frozenset[str]:
    return frozenset(role for role in ROLES if form.get(f"role-{role}"))


def _level(form: Mapping[str, str]) -> int:
    text = form.get("assurance", "1")
    return int(text) if text in ("0", "1", "2", "3") else 1


def _show(pages: Pages) -> Page:
    async def show(request: Request) -> Response:
        return _shown(pages, request)

    return show


def _link(pages: Pages, code: str) -> str:
    return f"{pages.address}/invitation#{code}"


def _add(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form, by, registry = pages.form(request), pages.administrator(request), pages.registry(request)
        name = form.get("name", "")
        try:
            account = await people.make_account(
                pages.identity, registry, name, form.get("display") or name, _chosen(form), by, _level(form)
            )
        except MachinamiError as error:
            return _shown(pages, request, status_of(error), fault=pages.fault(request, error), typed=form)
        code = await people.invite(pages.identity, registry, account.id, by)
        return _shown(pages, request, link=_link(pages, code))

    return take


def _invite(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form, by, registry = pages.form(request), pages.administrator(request), pages.registry(request)
        said = form.get("recognised", "")
        recognised = int(said) if said in ("1", "2", "3") else None
        try:
            code = await people.invite(pages.identity, registry, request.params["id"], by, recognised=recognised)
        except BadRequestData as error:
            told = pages.fault(request, error)
            return _shown(pages, request, status_of(error), fault=told, typed=form, about=request.params["id"])
        return _shown(pages, request, link=_link(pages, code))

    return take


def _roles(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form, by, registry = pages.form(request), pages.administrator(request), pages.registry(request)
        try:
            await people.set_roles(pages.identity, registry, request.params["id"], _chosen(form), _level(form), by)
        except MachinamiError as error:
            told = pages.fault(request, error)
            return _shown(pages, request, status_of(error), fault=told, typed=form, about=request.params["id"])
        return see_other(f"{PEOPLE}?done=roles")

    return take


def _end(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form, by, registry = pages.form(request), pages.administrator(request), pages.registry(request)
        try:
            await people.let_go(pages.identity, registry, request.params["id"], form.get("successor") or None, by)
        except MachinamiError as error:
            told = pages.fault(request, error)
            return _shown(pages, request, status_of(error), fault=told, typed=form, about=request.params["id"])
        return see_other(f"{PEOPLE}?done=end")

    return take
