"""How do phones hand in steps, and how does a transport company take a voucher? JSON over HTTP.

Who takes part shows the participation key in the field `Participation-Key`, a company its own in `Partner-Key`.
"""

from typing import Any
from zoneinfo import ZoneInfo

import orjson

from machinami.foundation.errors import InvalidRequest
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.services.health_points import service
from machinami.services.health_points.book.telling import ADDRESS
from machinami.services.health_points.logic.bookings import Voucher
from machinami.services.health_points.logic.days import read_day
from machinami.services.health_points.logic.joining import checked_code
from machinami.services.health_points.logic.reading import MOST_DOCUMENTS, read
from machinami.services.health_points.model import StepCount

TAG = "Health points"
LARGEST = 4_000_000


def routes(city: City, desk: Desk) -> list[Route]:
    """Handing in, looking, vouchers, leaving."""
    return [
        Route("POST", f"{ADDRESS}/steps", _hand_in(city), "Hand in steps: Open mHealth data points, FHIR", TAG),
        Route("GET", f"{ADDRESS}/me", _me(city), "What is known of who takes part", TAG),
        Route("DELETE", f"{ADDRESS}/me", _leave(city), "Leave: steps and profile are erased", TAG),
        Route("POST", f"{ADDRESS}/me/days/{{day}}/answer", _answer(city), "Answer what is asked of a day", TAG),
        Route("PUT", f"{ADDRESS}/me/vouchers/{{code}}", _hold(city), "Set points aside for a ride", TAG),
        Route("DELETE", f"{ADDRESS}/me/vouchers/{{code}}", _return(city), "Give a voucher back", TAG),
        Route("POST", f"{ADDRESS}/vouchers/{{code}}/use", _use(city), "Take a voucher for a ride", TAG),
    ]


def _hand_in(city: City) -> Handler:
    async def take(request: Request) -> Response:
        walker = await service.walker_of(city, request.header(b"participation-key") or "")
        document, device = body_of(request), request.arguments.get("device", "")[:80]
        found = read(document, ZoneInfo(city.zone), device)
        refused = [
            {"document": n, "faults": [{"where": f.where, "what": f.what, "cure": f.cure} for f in faults]}
            for n, faults in found.refused
        ]
        if not found.claims and not found.exercises:
            return _answered({"days": [], "refused": refused}, 422 if refused else 200)
        days = await service.hand_in(city, walker, found, device)
        return _answered({"days": [day_row(day) for day in days], "refused": refused})

    return take


def body_of(request: Request) -> Any:
    """The JSON that was sent. Raises InvalidRequest."""
    if len(request.body) > LARGEST:
        raise InvalidRequest(f"More than {LARGEST} bytes at once; send it in parts")
    try:
        document = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"This is no JSON: {error}") from error
    if isinstance(document, list) and len(document) > MOST_DOCUMENTS:
        raise InvalidRequest(f"More than {MOST_DOCUMENTS} documents at once; send them in parts")
    return document


def _me(city: City) -> Handler:
    async def show(request: Request) -> Response:
        walker = await service.walker_of(city, request.header(b"participation-key") or "")
        on = service.today(city, city.now())
        days = await service.days_of(city, walker.id, on, service.SHOWN_DAYS)
        journal, _ = await service.journal_of(city, walker.id)
        vouchers = await service.vouchers_of(city, walker.id)
        row = {
            "goal": walker.goal,
            "points": journal.usable(on),
            "held": journal.balances["held"],
            "days": [day_row(day) for day in days],
            "vouchers": [_voucher_row(v) for v in vouchers],
        }
        return _answered(row)

    return show


def _leave(city: City) -> Handler:
    async def leave(request: Request) -> Response:
        key = request.header(b"participation-key") or ""
        erased = await service.withdraw(city, await service.walker_of(city, key))
        return _answered({"erased_days": erased})

    return leave


def _answer(city: City) -> Handler:
    async def take(request: Request) -> Response:
        walker = await service.walker_of(city, request.header(b"participation-key") or "")
        said = body_of(request)
        word = said.get("answer") if isinstance(said, dict) else None
        return _answered(day_row(await service.answer(city, walker, read_day(request.params["day"]), str(word))))

    return take


def _hold(city: City) -> Handler:
    async def hold(request: Request) -> Response:
        walker = await service.walker_of(city, request.header(b"participation-key") or "")
        return _answered(_voucher_row(await service.take_voucher(city, walker, checked_code(request.params["code"]))))

    return hold


def _return(city: City) -> Handler:
    async def give_back(request: Request) -> Response:
        walker = await service.walker_of(city, request.header(b"participation-key") or "")
        return _answered(
            _voucher_row(
                await service.end_voucher(city, checked_code(request.params["code"]), "returned", owner=walker.id)
            )
        )

    return give_back


def _use(city: City) -> Handler:
    async def use(request: Request) -> Response:
        partner = await service.partner_of(city, request.header(b"partner-key") or "")
        voucher = await service.end_voucher(city, checked_code(request.params["code"]), "used", partner=partner)
        return _answered({"code": voucher.code, "points": voucher.points, "state": voucher.state})

    return use


def day_row(day: StepCount) -> dict[str, Any]:
    """One day as its person sees it."""
    return {
        "day": day.day,
        "steps": None if day.steps is None else day.steps.value,
        "minutes": day.minutes,
        "state": day.state,
        "points": day.points_due,
        "findings": day.findings or [],
        "version": day.version,
    }


def _voucher_row(voucher: Voucher) -> dict[str, Any]:
    return {
        "code": voucher.code,
        "points": voucher.points,
        "until": voucher.until.isoformat(),
        "state": voucher.state,
        "partner": voucher.partner,
    }


def _answered(row: dict[str, Any], status: int = 200) -> Response:
    return Response(status, orjson.dumps(row), JSON, [(b"cache-control", b"no-store")])
