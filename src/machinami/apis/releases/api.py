"""How do programs have releases made, and how are these decided on? JSON under /governance/releases."""

from collections.abc import Awaitable, Callable
from typing import Any

from machinami.apis.releases import openapi
from machinami.apis.releases.documents import account_document, read_description, version_document
from machinami.apis.releases.office import Press, answer, json_body, numbered
from machinami.apis.releases.sentences import PACKAGE
from machinami.broker.contexts import town_context
from machinami.broker.policy import demand
from machinami.broker.releases import budgets, deciding, making, shelf
from machinami.broker.releases.ledger import Budget, Renewal
from machinami.broker.releases.version import Version
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.kit.http import Handler, Request, Response, Route
from machinami.kit.words import Words
from machinami.model.policy import Deed
from machinami.model.principal import Principal

RELEASES, BUDGETS = "/governance/releases", "/governance/release-budgets"
Decide = Callable[[Town, str, int, str, Principal], Awaitable[Version]]
_ENGLISH = Words("en", PACKAGE)


def routes(press: Press) -> list[Route]:
    """The addresses of releases for programs."""
    one = f"{RELEASES}/{{id}}/{{version}}"

    async def publish(town: Town, release: str, number: int, reason: str, by: Principal) -> Version:
        return await deciding.publish(town, release, number, reason, by, press.work)

    return [
        openapi.route("GET", RELEASES, _list(press)),
        openapi.route("POST", RELEASES, _prepare(press)),
        openapi.route("GET", one, _show(press)),
        openapi.route("POST", f"{one}/publication", _decide(press, publish)),
        openapi.route("POST", f"{one}/refusal", _decide(press, deciding.decline)),
        openapi.route("POST", f"{one}/withdrawal", _decide(press, deciding.withdraw)),
        openapi.route("GET", BUDGETS, _budgets(press)),
        openapi.route("POST", BUDGETS, _set_budget(press)),
    ]


def _told(found: Version, table: bool = True) -> dict[str, Any]:
    return version_document(found, _ENGLISH, table)


def _list(press: Press) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await press.town(request), press.by(request)
        return answer([_told(one, False) for one in await shelf.versions(town, by)])

    return tell


def _prepare(press: Press) -> Handler:
    async def make(request: Request) -> Response:
        town, by = await press.town(request), press.by(request)
        shelf.demand_may(town, by, shelf.may_make, "make releases")
        made = await making.prepare(town, read_description(json_body(request)), by, press.work)
        return answer(_told(shelf.version(town, made.description.id, made.number, by)), 201)

    return make


def _show(press: Press) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await press.town(request), press.by(request)
        shelf.demand_may(town, by, shelf.may_make, "see what is prepared")
        return answer(_told(shelf.version(town, request.params["id"], numbered(request.params["version"]), by)))

    return tell


def _decide(press: Press, decide: Decide) -> Handler:
    async def take(request: Request) -> Response:
        town, by = await press.town(request), press.by(request)
        shelf.demand_may(town, by, shelf.may_make, "decide on releases")
        reason = json_body(request).get("reason", "")
        if not isinstance(reason, str) or len(reason) > 2_000:
            raise BadRequestData("reason: a text of at most 2000 letters", member="reason")
        done = await decide(town, request.params["id"], numbered(request.params["version"]), reason, by)
        return answer(_told(done, False))

    return take


def _budgets(press: Press) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await press.town(request), press.by(request)
        return answer([account_document(one) for one in await budgets.accounts(town, by, press.work.zone)])

    return tell


def _set_budget(press: Press) -> Handler:
    async def take(request: Request) -> Response:
        town, by = await press.town(request), press.by(request)
        demand(town.policy, by, Deed.ADMINISTER)
        said = json_body(request)
        kind, epsilon, reason = (said.get(name, "") for name in ("type", "epsilon", "reason"))
        if not isinstance(kind, str) or not kind or not isinstance(reason, str):
            raise BadRequestData("Say of which type the people are, and why", member="type")
        if isinstance(epsilon, bool) or not isinstance(epsilon, int | float):
            raise BadRequestData("epsilon: a number above 0 and up to 100", member="epsilon")
        try:
            every = Renewal(said.get("every", Renewal.YEAR))
        except ValueError:
            raise BadRequestData(f"every: one of {', '.join(Renewal)}", member="every") from None
        group = kind if ":" in kind else town_context().expand(kind)
        await budgets.set_budget(town, group, Budget(float(epsilon), every), reason, by)
        found = await budgets.accounts(town, by, press.work.zone, (group,))
        return answer(next(account_document(one) for one in found if one.group == group))

    return take
