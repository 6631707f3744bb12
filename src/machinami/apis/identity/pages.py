"""What do the pages have in common on which people say who they are? The town around them, and faults in words."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from machinami.apis.identity.asking import Asking
from machinami.broker.identity.identity import Identity
from machinami.broker.identity.people import demand_administrator
from machinami.broker.identity.registry import Live, Registry
from machinami.broker.town import Town
from machinami.foundation.errors import Forbidden, MachinamiError, SignInRequired
from machinami.kit.forms import WAITING, form_token
from machinami.kit.frame import Frame, read_form, see_other
from machinami.kit.http import Request, Response
from machinami.kit.problem import describe
from machinami.kit.words import Words
from machinami.model.identity.account import Account
from machinami.model.identity.assurance import Way
from machinami.model.identity.demand import SURE
from machinami.model.identity.session import is_fresh
from machinami.model.principal import Principal

PACKAGE = "machinami.apis.identity"
Page = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages' hold on who is known. provider: what the city's OpenID provider is called, if there is one; towns: a
    town by its name; home: where browsers find the town, without a slash at the end; None: where they find the
    installation."""

    identity: Identity
    asking: Asking
    frame: Frame
    provider: str
    towns: Callable[[str | None], Awaitable[Town]]
    home: Callable[[], str] | None = None

    @property
    def address(self) -> str:
        """Where browsers find the town."""
        return self.identity.supplies.address() if self.home is None else self.home()

    def registry(self, request: Request) -> Registry:
        """The people and programs of the town."""
        return self.asking.registry(request)

    def words(self, request: Request) -> Words:
        """The words of this answer."""
        return self.frame.words(request, PACKAGE)

    def show(self, request: Request, template: str, status: int = 200, **view: object) -> Response:
        """A page of this face. It can hold a form also for who has no session."""
        waiting = None
        if not form_token(request):
            waiting = self.identity.secret(16)
            request.add_cookie(WAITING, waiting)
        page = self.frame.show(request, f"{PACKAGE}/{template}.html", status, **view)
        if waiting is not None:
            page.headers.append(self.asking.waiting_field(request, WAITING, waiting))
        return page

    def form(self, request: Request) -> dict[str, str]:
        """A form of one of our pages; never one without its token. Raises Forbidden."""
        if not form_token(request):
            raise Forbidden("This browser keeps no cookies; allow them for this town's pages, and try again")
        return read_form(request)

    def changing(self, request: Request) -> tuple[Account, Live]:
        """The person who may change now what they sign in with: somebody who signed in lately, and with the second
        factor where they have one, so that an open browser or a stolen password is not enough. Raises
        SignInRequired."""
        account, live = self.asking.beginner(request)
        if not self.may_change(account, live):
            raise SignInRequired("Sign in anew to change how you sign in", key="identity.sign_in_anew")
        return account, live

    def may_change(self, account: Account, live: Live) -> bool:
        """Whether somebody signed in lately and surely enough to change what they sign in with."""
        has_second = account.has_second or bool(account.passkeys)
        session = live.session
        if Way.NEARNESS in session.ways:
            return True
        return is_fresh(session, self.identity.supplies.clock()) and (session.level >= SURE or not has_second)

    def administrator(self, request: Request) -> Principal:
        """The administrator who asks. Raises SignInRequired, Forbidden."""
        _, live = self.asking.person(request)
        demand_administrator(live.principal)
        return live.principal

    def fault(self, request: Request, error: MachinamiError) -> str:
        """What went wrong, in the reader's words where there are any."""
        words, key = self.words(request), str(error.facts.get("key", ""))
        return words.plain(key) if words.has(key) else error.detail

    def entered(self, request: Request, cookie: str, address: str) -> Response:
        """After signing in: the session's cookie, and where to go."""
        answer = see_other(address)
        answer.headers.append(self.asking.session_field(request, cookie))
        return answer


def status_of(error: MachinamiError) -> int:
    """The status of a page that shows a fault in a form."""
    status = describe(error)[0]
    return 422 if status in (400, 401, 409) else status


def own_path(text: str | None) -> str:
    """Where to go next: a path of this town, never another site's address."""
    if text and text.startswith("/") and not text.startswith(("//", "/\\")) and text.isascii() and text.isprintable():
        return text
    return "/"
