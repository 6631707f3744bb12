"""How does a person come in? The first administrator, invitations, signing in and out."""

import hmac
from urllib.parse import quote

from machinami.apis.identity.pages import Page, Pages, own_path, status_of
from machinami.broker import opening
from machinami.broker.identity import people, signing_in
from machinami.broker.identity.registry import Registry
from machinami.broker.identity.signing_in import Begun
from machinami.foundation.errors import CredentialRefused, Forbidden, MachinamiError, NotFound
from machinami.kit.frame import see_other
from machinami.kit.http import Request, Response, Route
from machinami.model.identity.assurance import Way
from machinami.model.identity.demand import SURE

FIRST, SIGN_IN, INVITATION, PARTING = "/first", "/sign-in", "/invitation", "/sign-out/provider"


def routes(pages: Pages) -> list[Route]:
    """The addresses of the entrance."""
    page = pages.frame.page
    return [
        page("GET", FIRST, _first(pages), "Make the first administrator"),
        page("POST", FIRST, _make_first(pages), "Make the first administrator"),
        page("GET", SIGN_IN, _sign_in(pages), "Sign in"),
        page("POST", SIGN_IN, _take_password(pages), "Sign in by password"),
        page("POST", "/sign-out", _sign_out(pages), "Sign out"),
        page("GET", INVITATION, _invitation(pages), "Come in by an invitation"),
        page("POST", INVITATION, _accept(pages), "Come in by an invitation"),
    ]


def _demand_near(pages: Pages, request: Request, code: str) -> None:
    """Raise Forbidden unless this is somebody at the machine itself, or who has the code that it printed."""
    if pages.asking.is_near(request):
        return
    address = pages.asking.address(request)
    pages.identity.throttle.check("first administrator", address)
    if not hmac.compare_digest(code.encode(), pages.identity.first_code.encode()):
        pages.identity.throttle.missed("first administrator", address)
        raise Forbidden("The first administrator is made at this machine, or with the link that it printed")


def _first(pages: Pages) -> Page:
    async def show(request: Request) -> Response:
        if pages.registry(request).administrators:
            return see_other(SIGN_IN)
        near = pages.asking.is_near(request)
        return pages.show(request, "first", near=near, code="", fault="", name="", display="", opened=True)

    return show


def _make_first(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form = pages.form(request)
        code, name, display = form.get("code", ""), form.get("name", ""), form.get("display", "")
        opened, registry = "open" in form, pages.registry(request)
        _demand_near(pages, request, code)
        try:
            begun = await people.make_first(
                pages.identity,
                registry,
                name,
                display or name,
                form.get("password", ""),
                pages.asking.where(request),
            )
        except MachinamiError as error:
            fault, near = pages.fault(request, error), pages.asking.is_near(request)
            return pages.show(
                request, "first", status_of(error), near=near, code=code, fault=fault, name=name, display=display,
                opened=opened,
            )  # fmt: skip
        live = registry.live(begun.session.id)
        if opened and live is not None:
            await opening.open_safety(await pages.towns(request.header(b"ngsild-tenant")), live.principal)
        return pages.entered(request, begun.cookie, "/account")

    return take


def shown(pages: Pages, request: Request, onward: str, status: int = 200, fault: str = "", name: str = "") -> Response:
    """The page to sign in: by a code where half is done, or where a surer sign-in is asked of who has an
    authenticator (`?level=2`); else by password, or elsewhere."""
    live, level = pages.asking.live(request), request.arguments.get("level", "")
    half = False
    if live is not None and not (status != 200 and name):
        account = pages.registry(request).account(live.session.account)
        asked = level == "2" and "anew" not in request.arguments
        half = live.session.half or (asked and live.session.level < SURE and account.totp is not None)
    elsewhere = {"name": pages.provider, "level": level if level in ("1", "2", "3") else ""}
    return pages.show(request, "sign_in", status, half=half, onward=onward, fault=fault, name=name, elsewhere=elsewhere)


def _sign_in(pages: Pages) -> Page:
    async def show(request: Request) -> Response:
        if not pages.identity.has_administrators:
            return see_other(FIRST)
        live, onward = pages.asking.live(request), own_path(request.arguments.get("next"))
        if live is not None and not live.session.half and request.arguments.get("level") == "2":
            account = pages.registry(request).account(live.session.account)
            if live.session.level < 2 and not account.has_second and not account.passkeys and not pages.provider:
                return see_other(f"/account?done=surer&next={quote(onward)}")  # there is no surer way yet: make one
        return shown(pages, request, onward)

    return show


def _take_password(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form = pages.form(request)
        onward, name = own_path(form.get("next")), form.get("name", "")
        registry, where = pages.registry(request), pages.asking.where(request)
        try:
            begun = await signing_in.with_password(pages.identity, registry, name, form.get("password", ""), where)
        except MachinamiError as error:
            fault, status = pages.fault(request, error), status_of(error)
            return shown(pages, request, onward, status, fault, name)
        before = pages.asking.live(request)
        if before is not None:
            await registry.end_sessions([before.session.id])
        return pages.entered(request, begun.cookie, _onward(pages, registry, begun, onward))

    return take


def _onward(pages: Pages, registry: Registry, begun: Begun, onward: str) -> str:
    """Where somebody goes on who showed a password: to the code, to another factor that is demanded, or in."""
    if begun.session.half:
        return f"{SIGN_IN}?next={onward}"
    live = registry.live(begun.session.id)
    if live is None or pages.identity.is_sure(live):
        return onward
    if registry.account(begun.session.account).passkeys:
        return f"{SIGN_IN}?level={SURE}&next={quote(onward)}"
    return f"/account?done=demanded&next={quote(onward)}"


def _sign_out(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        pages.form(request)
        live = pages.asking.live(request)
        if live is not None:
            await signing_in.sign_out(pages.identity, pages.registry(request), live.session)
        came_by_provider = live is not None and Way.PROVIDER in live.session.ways and bool(pages.provider)
        answer = see_other(PARTING if came_by_provider else "/")
        answer.headers.append(pages.asking.end_field(request))
        answer.headers.append((b"clear-site-data", b'"cache", "storage"'))
        return answer

    return take


def _invitation(pages: Pages) -> Page:
    """The page that a link opens. What the link says after its # no browser sends: a script puts it into the form."""

    async def show(request: Request) -> Response:
        return pages.show(request, "invitation", code="", account=None, fault="")

    return show


def _accept(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form = pages.form(request)
        code, password = form.get("code", "").strip(), form.get("password")
        registry, where = pages.registry(request), pages.asking.where(request)
        try:
            _, account = people.invitation(pages.identity, registry, code)
        except NotFound as error:
            fault = pages.fault(request, error)
            return pages.show(request, "invitation", status_of(error), code="", account=None, fault=fault)
        if password is None:
            return pages.show(request, "invitation", code=code, account=account, fault="")
        try:
            if password != form.get("again", ""):
                raise CredentialRefused("The two passwords differ", key="identity.differ")
            begun = await people.accept(pages.identity, registry, code, password, where)
        except MachinamiError as error:
            fault = pages.fault(request, error)
            return pages.show(request, "invitation", status_of(error), code=code, account=account, fault=fault)
        return pages.entered(request, begun.cookie, "/account")

    return take
