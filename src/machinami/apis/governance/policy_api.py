"""How do programs read and change the policy of a town? JSON under /governance/policy."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from machinami.apis.governance import openapi
from machinami.apis.governance.office import Office, answer, json_body
from machinami.apis.governance.shapes import reason_document, remark_document, row_document
from machinami.broker import opening, policy_rows
from machinami.broker.contexts import town_context
from machinami.broker.reasons import Asked, expanded, marked, reasons, short, strangers
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.kit.http import Handler, Request, Response, Route
from machinami.model.compaction import compact_entity
from machinami.model.opening import usual_rows
from machinami.model.policy import Row
from machinami.model.policy_document import read_row
from machinami.model.policy_remarks import Remark, remarks
from machinami.model.principal import Principal

POLICY = "/governance/policy"
ROWS = f"{POLICY}/rows"


def routes(office: Office) -> list[Route]:
    """The addresses of the policy for programs."""
    return [
        openapi.route("GET", POLICY, _policy(office)),
        openapi.route("POST", ROWS, _allow(office)),
        openapi.route("GET", f"{ROWS}/{{id}}", _row(office)),
        openapi.route("DELETE", f"{ROWS}/{{id}}", _withdraw(office)),
        openapi.route("POST", f"{POLICY}/preview", _preview(office)),
        openapi.route("GET", f"{POLICY}/usual", _usual(office)),
        openapi.route("GET", f"{POLICY}/explanation", _explain(office)),
    ]


async def rows_of(office: Office, town: Town, by: Principal) -> tuple[Sequence[Row], dict[str, Remark]]:
    """The rows of a town, and what is odd about them."""
    rows = await policy_rows.prospective(town, by)
    return rows, dict(remarks(rows, await office.present(town, by)))


def fresh_row(document: dict[str, Any], town: Town) -> Row:
    """The row that somebody asks for; one that has no name is given one. Raises BadRequestData."""
    return read_row({**document, "id": document.get("id") or f"row-{town.new_id()[:8]}"}, expanded)


def _policy(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        rows, odd = await rows_of(office, town, by)
        told = [row_document(row, short, odd.get(row.id)) for row in rows]
        return answer(
            {"protected": not town.policy.is_open, "rows": told, "personal": list(policy_rows.marked(town, by))}
        )

    return tell


def _row(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        rows, odd = await rows_of(office, town, by)
        for row in rows:
            if row.id == request.params["id"]:
                return answer(row_document(row, short, odd.get(row.id)))
        raise NotFound(f"There is no row {request.params['id'][:100]} in the policy of this town")

    return tell


def _allow(office: Office) -> Handler:
    async def make(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        row = fresh_row(json_body(request), town)
        await policy_rows.allow(town, row, by)
        _, odd = await rows_of(office, town, by)
        return answer(row_document(row, short, odd.get(row.id)), 201, location=f"{ROWS}/{quote(row.id, safe='')}")

    return make


def _withdraw(office: Office) -> Handler:
    async def take(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        return answer(row_document(await policy_rows.withdraw(town, request.params["id"], by), short))

    return take


def _preview(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        row = fresh_row(json_body(request), town)
        return answer(await _previewed(office, town, row, by))

    return tell


async def _previewed(office: Office, town: Town, row: Row, by: Principal) -> dict[str, Any]:
    rows = [one for one in await policy_rows.prospective(town, by) if one.id != row.id]
    found = await opening.preview(town, row, rows, by)
    remark = remarks((*rows, row), await office.present(town, by)).get(row.id, Remark())
    return {
        **row_document(row, short),
        "count": found.count,
        "seenAlready": found.before,
        "example": None if found.example is None else compact_entity(found.example, town_context()),
        "personal": [short(name) for name in found.personal],
        "remarks": remark_document(remark, short),
    }


def _usual(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        present = {row.id for row in await policy_rows.prospective(town, by)}
        return answer(
            [{**await _previewed(office, town, row, by), "allowed": row.id in present} for row in usual_rows()]
        )

    return tell


def _explain(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, by, said = await office.town(request), office.by(request), request.arguments
        asked = Asked(*(said.get(name, "") for name in ("who", "what", "attribute", "scope", "location")))
        found = await reasons(town, asked, by)
        told = [reason_document(reason, short) for reason in found]
        personal = [short(name) for name in marked(town, asked, by)]
        unknown = [{"name": one.name, "near": list(one.near)} for one in await strangers(town, asked, by)]
        protected = not town.policy.is_open
        return answer({"protected": protected, "reasons": told, "personal": personal, "unknown": unknown})

    return tell
