"""How does an officer see whether notifications arrive, and mend it? Pages without scripts."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from machinami.apis.deliveries.documents import sentence
from machinami.apis.deliveries.office import Office
from machinami.apis.deliveries.programs import asked_of
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.fault import Fault, fault_of
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.model.principal import Principal
from machinami.wire.protocol import Delivery

PAGES = "/notifications"
Do = Callable[[Town, str, Principal], Awaitable[object]]


def pages(office: Office) -> list[Route]:
    """The addresses of the pages."""
    page, one, tending = office.frame.page, f"{PAGES}/{{id}}", office.tending

    async def hold(town: Town, subscription_id: str, by: Principal) -> object:
        return await tending.hold(town, subscription_id, True, by)

    async def release(town: Town, subscription_id: str, by: Principal) -> object:
        return await tending.hold(town, subscription_id, False, by)

    return [
        page("GET", PAGES, _list(office), "How notifications fare"),
        page("GET", one, _one(office), "How one subscription fares"),
        page("POST", f"{one}/hold", _do(office, hold, "held"), "Have a subscription wait"),
        page("POST", f"{one}/release", _do(office, release, "released"), "Have a subscription go on"),
        page("POST", f"{one}/replay", _do(office, tending.tell_again, "replayed"), "Have told what was given up"),
        page("POST", f"{one}/forget", _do(office, tending.forget_untold, "forgotten"), "Let go of what was given up"),
        page("POST", f"{one}/test", _test(office), "Test the receiver"),
    ]


def address(subscription_id: str) -> str:
    """The page of a subscription."""
    return f"{PAGES}/{quote(subscription_id, safe=':')}"


def _list(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        found = office.tending.listed(await office.town(request), office.by(request))
        return office.show(request, "list", found=found, address=address)

    return show


def _one(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        said = request.arguments.get("said", "")
        return await _shown(office, request, said=said if said in ("held", "released", "replayed", "forgotten") else "")

    return show


async def _shown(office: Office, request: Request, said: str = "", tested: Delivery | None = None) -> Response:
    town, by, words = await office.town(request), office.by(request), office.words(request)
    one = office.tending.one(town, request.params["id"], by)
    firing, fault, lines = None, None, []
    asked = {name: request.arguments.get(name, "") for name in ("entity", "change")}
    if asked["entity"] and request.method == "GET":
        try:
            firing = await office.tending.why(town, one.outbox.subscription.id, *asked_of(request), by)
            lines = [(condition.met, sentence(words, condition)) for condition in firing.conditions]
        except BadRequestData as error:
            fault = fault_of(error, words)
        except NotFound:
            fault = Fault(words.plain("why.nothing"))
    return office.show(
        request, "one", 422 if fault else 200, one=one, subscription=one.outbox.subscription, address=address,
        progress=one.outbox.progress, said=said, tested=tested, firing=firing, lines=lines, fault=fault, asked=asked,
    )  # fmt: skip


def _do(office: Office, do: Do, said: str) -> PageHandler:
    async def take(request: Request) -> Response:
        read_form(request)
        subscription_id = request.params["id"]
        await do(await office.town(request), subscription_id, office.by(request))
        return see_other(f"{address(subscription_id)}?said={said}")

    return take


def _test(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        read_form(request)
        tested = await office.tending.test(await office.town(request), request.params["id"], office.by(request))
        return await _shown(office, request, tested=tested)

    return take
