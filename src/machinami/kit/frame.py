"""How does a handler answer with a page? The language of the reader, the town around the page, and errors as pages."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from machinami.foundation.errors import Forbidden, InvalidRequest, MachinamiError, NotFound, UnsupportedMediaType
from machinami.kit.appearance import Appearance
from machinami.kit.archive import Standing
from machinami.kit.asides import left_out, noting
from machinami.kit.circle import trail
from machinami.kit.desk import Desk
from machinami.kit.disaster import Disaster
from machinami.kit.fault import key_of
from machinami.kit.forms import carries_token, cookie_field, form_token, is_foreign, own_cookie, session_cookie
from machinami.kit.http import Request, Response, Route
from machinami.kit.kept import sentences, signature
from machinami.kit.moments import TOWN_ZONE
from machinami.kit.origin import AS_ASKED, Origin
from machinami.kit.page import PAGE_HEADERS, Shell, render
from machinami.kit.problem import describe, problem
from machinami.kit.rendered import Rendered
from machinami.kit.viewing import Person, nobody
from machinami.kit.words import OWN, Language, Words, choose_language

_LOG = logging.getLogger(__name__)
FORM = "application/x-www-form-urlencoded"
LANGUAGE, _KEPT = "lang", 365 * 86_400  # the cookie of the language that was asked for
_DOORS = ("/sign-in", "/first", "/invitation")
PAGES = "Pages"
_KINDS = {
    400: "400", 401: "401", 403: "403", 404: "404", 409: "409", 413: "413", 422: "400", 429: "429", 500: "500",
    502: "503", 503: "503", 504: "503",
}  # fmt: skip
"""In which words a refusal is said, by its status."""
_PLAIN = frozenset({"401", "404", "429", "500"})
"""Refusals of which the words say all that there is to say."""
PageHandler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page of one town."""

    town: Mapping[str, str]
    clock: Callable[[], datetime]
    simulated: bool = False
    zone: str = TOWN_ZONE
    appearance: Appearance = field(default_factory=Appearance)
    standing: Callable[[Request], Standing] = lambda _: ""
    origin: Origin = AS_ASKED
    person: Person = nobody
    running: Callable[[], Collection[str]] = frozenset
    disaster: Disaster = field(default_factory=Disaster)
    rendered: Rendered = field(default_factory=Rendered)

    @classmethod
    def around(cls, desk: Desk) -> "Frame":
        """The frame of a desk's town."""

        def standing(request: Request) -> Standing:
            try:
                return desk.archive.standing(desk.identify(request))
            except MachinamiError:  # a wrong credential, which the page itself refuses
                return ""

        def running() -> Collection[str]:
            return frozenset(house.service.manifest.id for house in desk.houses() if house.service.page)

        return cls(
            desk.town_name, desk.clock, desk.simulated, desk.time_zone, desk.appearance, standing, desk.origin,
            desk.person, running, desk.disaster, desk.rendered,
        )  # fmt: skip

    @property
    def names(self) -> Mapping[str, str]:
        """What the town is called, by language: as it chose, else as it was set up."""
        chosen = self.appearance.look.names
        return {**self.town, **chosen} if chosen else self.town

    def words(self, request: Request, package: str = OWN) -> Words:
        """The words of this answer, as one package uses them."""
        return Words(_language(request), package)

    def show(self, request: Request, template: str, status: int = 200, **view: object) -> Response:
        """A page in the reader's language. A language asked for by `?lang=` is remembered in a cookie."""
        language = _language(request)
        body = render(template, language, shell=self._shell(request), **view)
        headers = [(name.encode(), value.encode()) for name, value in PAGE_HEADERS.items() if name != "Content-Type"]
        if request.arguments.get("lang") == language:
            headers.append(cookie_field(LANGUAGE, language, self.origin.is_secure(request), _KEPT))
        return Response(status, body, PAGE_HEADERS["Content-Type"].encode(), headers)

    def apologise(self, request: Request, error: Exception) -> Response:
        """The page for an error; problem details for whoever does not read HTML."""
        if "text/html" not in (request.header(b"accept") or ""):
            return problem(error)
        status, details = describe(error)
        kind = "reception" if details.get("reception") else _KINDS.get(status, "other")
        detail = "" if kind in _PLAIN else details.get("detail", "")
        template = f"{OWN}/error.html"
        level, back = details.get("authenticationAssurance", ""), _page_before(request)
        page = self.show(
            request, template, status, kind=kind, code=status, told=key_of(error, self.words(request)), facts=details,
            detail=detail, level=level, back=back, before=back if request.method == "POST" and back != "/" else "",
            written=sentences(request),
        )  # fmt: skip
        page.headers += [field for field in problem(error).headers if field[0] == b"retry-after"]
        return page

    def spoken(self, route: Route) -> Route:
        """The route, of which refusals are pages too that come before its own handler: who asks, and how often."""
        if route.tag != PAGES:
            return route
        handler = route.handler

        def run(request: Request) -> Response | Awaitable[Response]:
            try:
                return handler(request)
            except MachinamiError as error:
                return self.apologise(request, error)

        return replace(route, handler=run)

    def is_light(self, request: Request) -> bool:
        """Whether who asks is shown light pages: in a disaster, everybody who is not signed in."""
        return self.disaster.mode != "off" and session_cookie(request) is None

    def page(self, method: str, path: str, handler: PageHandler, summary: str = "") -> Route:
        """A route whose errors are pages."""

        async def guarded(request: Request) -> Response:
            with noting():
                try:
                    return await handler(request)
                except Exception as error:
                    if describe(error)[0] == 500:
                        _LOG.exception("The page %s failed", request.path)
                    return self.apologise(request, error)

        return Route(method, path, guarded, summary, PAGES)

    def public(self, path: str, handler: PageHandler, summary: str = "") -> Route:
        """A page that a crowd may ask for: strangers are shown the same one, made at most once a second for them."""
        route = self.page("GET", path, handler, summary)
        make = cast(PageHandler, route.handler)

        def show(request: Request) -> Response | Awaitable[Response]:
            try:
                return self.rendered.show(request, _language(request), self.origin.asked(request), make)
            except MachinamiError as error:
                return self.apologise(request, error)

        return replace(route, handler=show, hot=True)

    def _shell(self, request: Request) -> Shell:
        query = {name: value for name, value in request.arguments.items() if name not in ("lang", "done")}
        return Shell(
            self.names, self.clock(), request.path, query, self.origin.asked(request), self.simulated, self.zone,
            form_token(request), session_cookie(request) is not None, self.standing(request), self.appearance.look,
            self.appearance.version, self.person(request), signature(request), left_out(),
            trail(request.path, self.running()), self.disaster.mode,
        )  # fmt: skip


def _page_before(request: Request) -> str:
    """The page on which somebody was: this one, or the one from which a form was sent. A door is no page to come back
    to: what its address says is said once, and to be told to nobody again."""
    if request.path.startswith(_DOORS):
        return "/"
    if request.method == "GET":
        return f"{request.path}?{request.query}" if request.query else request.path
    sent_from = urlsplit(request.header(b"referer") or "")
    if sent_from.netloc != (request.header(b"host") or "") or not sent_from.path.startswith("/"):
        return "/"
    return f"{sent_from.path}?{sent_from.query}" if sent_from.query else sent_from.path


def read_form(request: Request) -> dict[str, str]:
    """The fields of a form sent from one of our own pages.

    Raises Forbidden for a form that another site sent, UnsupportedMediaType and InvalidRequest for no form.
    """
    if is_foreign(request):
        raise Forbidden("A form from another site is not taken; open this town's page and send it from there")
    kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise UnsupportedMediaType(f"A form is sent as {FORM}, not as {kind or 'nothing'}")
    try:
        pairs = parse_qsl(request.body.decode("utf-8"), keep_blank_values=True, max_num_fields=100)
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidRequest("The form cannot be read; it must be UTF-8 with at most 100 fields") from error
    form = dict(pairs)
    if not carries_token(request, form):
        raise Forbidden("This form is too old or not from here; open the page anew and send it from there")
    return form


def see_other(address: str) -> Response:
    """After a form: go and look at this address (RFC 9110, 15.4.4)."""
    return Response(303, headers=[(b"location", address.encode("ascii"))])


async def nowhere(request: Request) -> Response:
    """The handler for an address that is nothing."""
    raise NotFound(f"There is nothing at {request.path[:200]!r}")


def _language(request: Request) -> Language:
    return choose_language(request.arguments.get("lang"), own_cookie(request, LANGUAGE))
