"""What can people see and change of themselves? Their roles, their password, where they are signed in."""

from machinami.apis.identity.pages import Page, Pages, own_path, status_of
from machinami.broker.identity import people
from machinami.foundation.errors import CredentialRefused, MachinamiError, SignInRequired
from machinami.kit.frame import see_other
from machinami.kit.http import Request, Response, Route
from machinami.model.identity.session import is_fresh
from machinami.model.legal import is_staff
from machinami.model.principal import Role

ACCOUNT = "/account"


def routes(pages: Pages) -> list[Route]:
    """The addresses of one's own account."""
    page = pages.frame.page
    return [
        page("GET", ACCOUNT, _show(pages), "My account"),
        page("POST", f"{ACCOUNT}/password", _password(pages), "Change one's password"),
        page("POST", f"{ACCOUNT}/sessions", _sessions(pages), "Sign out elsewhere"),
    ]


def shown(pages: Pages, request: Request, status: int = 200, fault: str = "", **more: object) -> Response:
    """The page of one's own account."""
    account, live = pages.asking.beginner(request)
    return pages.show(
        request,
        "account",
        status,
        account=account,
        session=live.session,
        sessions=pages.registry(request).sessions_of(account.id),
        helps=is_staff(live.principal),
        is_sure=pages.identity.is_sure(live),
        is_fresh=is_fresh(live.session, pages.identity.supplies.clock()),
        may_change=pages.may_change(account, live),
        administers=Role.ADMINISTRATOR in live.principal.roles,
        operates=pages.home is None and bool({Role.ADMINISTRATOR, Role.OPERATOR} & live.principal.roles),
        fault=fault,
        said=request.arguments.get("done", ""),
        onward=own_path(request.arguments.get("next")),
        **{"seed": None, "picture": "", "codes": (), **more},
    )


def _show(pages: Pages) -> Page:
    async def show(request: Request) -> Response:
        try:
            return shown(pages, request)
        except SignInRequired:
            return see_other("/sign-in?next=/account")

    return show


def _password(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form = pages.form(request)
        account, live = pages.asking.person(request)
        try:
            if form.get("password", "") != form.get("again", ""):
                raise CredentialRefused("The two passwords differ", key="identity.differ")
            old, new, registry = form.get("old", ""), form.get("password", ""), pages.registry(request)
            await people.change_password(pages.identity, registry, account.id, old, new, live.session.id)
        except MachinamiError as error:
            return shown(pages, request, status_of(error), pages.fault(request, error))
        return see_other(f"{ACCOUNT}?done=password")

    return take


def _sessions(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        pages.form(request)
        account, live = pages.asking.person(request)
        await pages.registry(request).end_all(account.id, but=live.session.id)
        return see_other(f"{ACCOUNT}?done=sessions")

    return take
