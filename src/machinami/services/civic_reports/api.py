"""Where do other apps read and hand in reports? Open311 GeoReport v2, all of it, as XML and JSON.

Keys are the town's own API keys, shown as `api_key` or as every other face takes them; an open town needs none.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, get_args
from urllib.parse import parse_qsl

from machinami.foundation.errors import (
    BadRequestData,
    CredentialRefused,
    Forbidden,
    InvalidRequest,
    MachinamiError,
    NotFound,
    SignInRequired,
    TooManyRequests,
)
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.forms import is_foreign
from machinami.kit.frame import FORM
from machinami.kit.http import Request, Response, Route
from machinami.kit.viewing import VIEWER, viewed
from machinami.kit.words import Words
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.view import Point
from machinami.services.civic_reports import service
from machinami.services.civic_reports.book import reception
from machinami.services.civic_reports.logic import georeport
from machinami.services.civic_reports.logic.georeport import Fault, Form, Row, in_json, in_xml
from machinami.services.civic_reports.model import Report

ADDRESS = "/services/civic_reports/georeport"
V2 = f"{ADDRESS}/v2"
TYPES: Mapping[Form, bytes] = {"json": b"application/json; charset=utf-8", "xml": b"text/xml; charset=utf-8"}
CHANGESET = "2026-11-22T00:00:00Z"
LISTS = frozenset({"service_request_id", "service_code", "status"})
_LOCKED = (CredentialRefused, SignInRequired, Forbidden)
Ask = Callable[[Request, str, str], Awaitable[tuple[int, str, str, Any]]]
"""Given the request, the name of what is asked and the language: status, root and child of the XML, and the rows."""


def routes(city: City, desk: Desk) -> list[Route]:
    """Discovery and the methods of GeoReport v2. What is asked is named with its form: services.json, services.xml."""
    face = Face(city, desk)
    rows: tuple[tuple[str, str, Ask, str], ...] = (
        ("GET", f"{ADDRESS}/{{name}}", face.discovery, "Open311: service discovery"),
        ("GET", f"{V2}/{{name}}", face.listed, "Open311: GET services, GET requests"),
        ("POST", f"{V2}/{{name}}", face.post, "Open311: POST requests"),
        ("GET", f"{V2}/services/{{name}}", face.definition, "Open311: GET services/{code}"),
        ("GET", f"{V2}/requests/{{name}}", face.request, "Open311: GET requests/{id}"),
        ("GET", f"{V2}/tokens/{{name}}", face.token, "Open311: GET tokens/{id}"),
    )
    return [face.route(*row) for row in rows]


class Face:
    """The faces of one town's reports to other programs."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk

    def route(self, method: str, path: str, ask: Ask, summary: str) -> Route:
        """The route of a method: who asks is known by the key, and every refusal is said in the form that was asked
        for."""

        async def run(request: Request) -> Response:
            name, form = named(request)
            words = Words(_tag(request), service.PACKAGE)
            self._demand_jurisdiction(request)
            return said(form, *await ask(request, name, words.language))

        inner = viewed(Route(method, path, run), self.by_key, lambda request: "")

        async def answer(request: Request) -> Response:
            try:
                return await self._with_address(inner, request)
            except MachinamiError as error:
                return refused(_form_of(request), error)

        return Route(method, path, answer, summary, "Open311")

    async def _with_address(self, inner: Route, request: Request) -> Response:
        found = inner.handler(request)
        return found if isinstance(found, Response) else await found

    def by_key(self, request: Request) -> Principal:
        """Who asks, by the parameter api_key, or as everywhere."""
        key = dict(_fields(request)).get("api_key", "").strip() or _argument(request, "api_key")
        if not key:
            return VIEWER.get() or ANONYMOUS
        shown = replace(
            request, headers=[(b"x-api-key", key.encode("latin-1", "replace"))], known_fields=None, memo=None
        )
        return self.desk.identify(shown)

    def _demand_jurisdiction(self, request: Request) -> None:
        asked = _argument(request, "jurisdiction_id") or dict(_fields(request)).get("jurisdiction_id", "")
        host = (request.header(b"host") or "").rpartition(":")[0] or request.header(b"host")
        if asked and asked not in (self.city.town_name, host, self.desk.origin.asked(request).rpartition("/")[2]):
            raise Fault(404, f"jurisdiction_id {asked[:100]} was not found; here it is {self.city.town_name}")

    async def discovery(self, request: Request, name: str, tag: str) -> tuple[int, str, str, Any]:
        """Where the methods are, and in which forms."""
        _demand_name(name, "discovery")
        base = self.desk.origin.asked(request)
        contact = f"{self.desk.town_name.get(tag) or self.desk.town_name['ja']} {base}/services/civic_reports"
        row = {
            "changeset": CHANGESET,
            "contact": contact,
            "key_service": f"{base}/account" if not self._is_open() else "no key is needed here",
            "endpoints": [
                {
                    "specification": georeport.SPECIFICATION,
                    "url": f"{base}{V2}",
                    "changeset": CHANGESET,
                    "type": "test" if self.desk.simulated else "production",
                    "formats": ["text/xml", "application/json"],
                }
            ],
        }
        return 200, "discovery", "", row

    async def listed(self, request: Request, name: str, tag: str) -> tuple[int, str, str, Any]:
        """GET services and GET requests."""
        if name == "services":
            return 200, "services", "service", georeport.services(await service.categories(self.city), tag)
        _demand_name(name, "requests")
        self.city.demand_shown(Report)
        asked = georeport.read_query(_arguments(request), self.city.now())
        everyone = await self.city.find(Report)
        return (
            200,
            "service_requests",
            "request",
            await self._rows(request, georeport.wanted(everyone, asked), everyone, tag),
        )

    async def definition(self, request: Request, name: str, tag: str) -> tuple[int, str, str, Any]:
        """GET services/{code}."""
        for one in await service.categories(self.city):
            if one.category_code == name:
                return 200, "service_definition", "", georeport.definition(one, tag)
        raise Fault(404, f"service_code {name[:100]} was not found")

    async def request(self, request: Request, name: str, tag: str) -> tuple[int, str, str, Any]:
        """GET requests/{id}."""
        self.city.demand_shown(Report)
        everyone = await self.city.find(Report)
        found = [one for one in everyone if one.report_id == name and one.state != "withdrawn"]
        if not found:
            raise Fault(404, f"service_request_id {name[:100]} was not found")
        return 200, "service_requests", "request", await self._rows(request, found, everyone, tag)

    async def token(self, request: Request, name: str, tag: str) -> tuple[int, str, str, Any]:
        """GET tokens/{id}: here every request has its number at once, so a token, the end of its id, leads to it."""
        self.city.demand_shown(Report)
        for one in await self.city.find(Report):
            if one.report_id and one.id.rpartition(":")[2] == name:
                return 200, "service_requests", "request", [{"service_request_id": one.report_id, "token": name}]
        raise Fault(404, f"token {name[:100]} was not found")

    async def post(self, request: Request, name: str, tag: str) -> tuple[int, str, str, Any]:
        """POST requests."""
        _demand_name(name, "requests")
        if is_foreign(request):
            raise Fault(403, "A request that a page of another site sends is not taken")
        if not self._is_open() and self.city.viewer.id == ANONYMOUS.id:
            raise Fault(403, "api_key was not provided, or is not known here")
        kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
        if kind != FORM:
            raise Fault(400, f"A request is sent as {FORM}")
        posted = georeport.read_post(_fields(request))
        if posted.code not in {one.category_code for one in await service.categories(self.city)}:
            raise Fault(404, f"service_code {posted.code[:100]} was not found")
        text = "\n".join(part for part in (posted.description, posted.media_url) if part)
        secret = secrets.token_urlsafe(18)
        place = Point(*posted.place) if posted.place else None
        draft = reception.Draft(
            posted.code, text, tag, place, posted.address, (), posted.contact, posted.details, "open311"
        )  # fmt: skip
        report = await reception.hand_in(self.city, draft, secret)
        address = f"{self.desk.origin.asked(request)}/services/civic_reports/mine/{secret}"
        notice = Words("en" if tag == "en" else "ja", service.PACKAGE).plain("report.notice", address=address)
        row = {"service_request_id": report.report_id, "service_notice": notice, "account_id": None}
        return 201, "service_requests", "request", [row]

    async def _rows(self, request: Request, found: list[Report], everyone: list[Report], tag: str) -> list[Row]:
        media = f"{self.desk.origin.asked(request)}/services/civic_reports/photos/"
        known = await service.categories(self.city)
        return georeport.requests(found, everyone, known, tag, self.city.zone, media)

    def _is_open(self) -> bool:
        return self.city.is_open


def named(request: Request) -> tuple[str, Form]:
    """What is asked, and in which form: its name ends with it. Raises Fault."""
    name, dot, form = request.params["name"].rpartition(".")
    for known in get_args(Form):
        if dot and form == known:
            return name, known
    raise Fault(404, "Ask for .json or .xml, as services.json")


def said(form: Form, status: int, root: str, child: str, rows: Any) -> Response:
    """The answer in its form."""
    return Response(status, in_json(rows) if form == "json" else in_xml(root, child, rows), TYPES[form])


def refused(form: Form, error: MachinamiError) -> Response:
    """A refusal as GeoReport says it: its code and a description, in the form that was asked for."""
    status, more = 400, list[tuple[bytes, bytes]]()
    if isinstance(error, Fault):
        status = error.status
    elif isinstance(error, TooManyRequests):
        status, more = 429, [(b"retry-after", b"%d" % error.facts.get("retryAfter", 1))]
    elif isinstance(error, _LOCKED):
        status = 403
    elif isinstance(error, NotFound):
        status = 404
    elif not isinstance(error, BadRequestData | InvalidRequest):
        raise error
    answer = said(form, status, "errors", "error", [{"code": status, "description": str(error)}])
    answer.headers += more
    return answer


def _form_of(request: Request) -> Form:
    return "xml" if request.params["name"].endswith(".xml") else "json"


def _demand_name(name: str, known: str) -> None:
    if name != known:
        raise Fault(404, f"There is nothing called {name[:100]} here")


def _fields(request: Request) -> list[tuple[str, str]]:
    return _pairs(request.body) if request.method == "POST" else []


def _pairs(form: bytes | str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(form.decode() if isinstance(form, bytes) else form, keep_blank_values=True, max_num_fields=200)
    except (UnicodeDecodeError, ValueError):
        raise Fault(400, "The form cannot be read; it is UTF-8 with at most 200 fields") from None


def _arguments(request: Request) -> Mapping[str, str]:
    """The query. What the standard lists with commas may as well be said several times."""
    found: dict[str, str] = {}
    for name, value in _pairs(request.query):
        if name in found and name not in LISTS:
            raise Fault(400, f"{name[:100]} is given more than once")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _argument(request: Request, name: str) -> str:
    return _arguments(request).get(name, "").strip()


def _tag(request: Request) -> Any:
    asked = _argument(request, "locale") or (request.header(b"accept-language") or "")
    return "en" if asked.lower().startswith("en") else "ja"
