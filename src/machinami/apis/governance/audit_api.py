"""How do programs search, take out and verify the record of who did what? JSON under /governance/audit."""

import orjson

from machinami.apis.governance import openapi
from machinami.apis.governance.office import Office, answer
from machinami.apis.governance.shapes import place_text, read_place
from machinami.broker.audit import Search
from machinami.broker.reasons import expanded
from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.kit.http import Handler, Request, Response, Route
from machinami.model.audit import Head, opened, read_head

AUDIT = "/governance/audit"
LINES = b"application/jsonl"
_DEFAULT, _MOST = 100, 1_000
_MOST_BATCHES = 256


def routes(office: Office) -> list[Route]:
    """The addresses of the record for programs."""
    return [
        openapi.route("GET", f"{AUDIT}/entries", _entries(office)),
        openapi.route("GET", f"{AUDIT}/own", _own(office)),
        openapi.route("GET", f"{AUDIT}/batches", _batches(office)),
        openapi.route("GET", f"{AUDIT}/head", _head(office)),
        openapi.route("GET", f"{AUDIT}/verification", _verify(office)),
    ]


def read_search(request: Request) -> Search:
    """What is looked for. Raises BadRequestData, InvalidRequest."""
    said = {name: text.strip() for name, text in request.arguments.items()}
    what = said.get("what", "")
    times = [parse_instant(said[name], name) if said.get(name) else None for name in ("since", "until")]
    refused = {"true": True, "false": False, "": None}.get(said.get("refused", ""), "wrong")
    if isinstance(refused, str):
        raise BadRequestData("refused: true or false", parameter="refused")
    return Search(
        said.get("who", ""),
        expanded(what) if what else "",
        said.get("did", ""),
        times[0],
        times[1],
        refused,
        said.get("purpose", ""),
    )


def read_limit(request: Request, default: int = _DEFAULT, most: int = _MOST) -> int:
    """How many are wanted. Raises BadRequestData."""
    text = request.arguments.get("limit", "") or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= most):
        raise BadRequestData(f"limit: a whole number from 1 to {most}", parameter="limit")
    return int(text)


def read_before(request: Request) -> tuple[int, int] | None:
    """From where on it is looked towards the past. Raises BadRequestData."""
    text = request.arguments.get("before", "")
    found = read_place(text)
    if text and found is None:
        raise BadRequestData("before: what an earlier answer said as `before`", parameter="before")
    return found


def kept_head(text: str) -> Head | None:
    """A head that was kept apart; None where none is given. Raises BadRequestData."""
    try:
        return read_head(text) if text.strip() else None
    except ValueError as error:
        raise BadRequestData(f"head: {error}", parameter="head") from error


def _entries(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        found = await office.towns.audit(town).search(
            read_search(request), read_limit(request), by, read_before(request)
        )
        return answer({"entries": found.entries, "before": place_text(found.before)})

    return tell


def _own(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, by = await office.towns.town(request.header(b"ngsild-tenant")), office.by(request)
        found = await office.towns.audit(town).own(read_search(request), read_limit(request), by, read_before(request))
        return answer({"entries": found.entries, "before": place_text(found.before)})

    return tell


def _batches(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, by, text = await office.town(request), office.by(request), request.arguments.get("after", "0")
        if not (text.isascii() and text.isdigit() and len(text) < 13):
            raise BadRequestData("after: the number of a batch", parameter="after")
        limit = read_limit(request, _MOST_BATCHES, _MOST_BATCHES)
        found = await office.towns.audit(town).batches(int(text), limit, by)
        body = b"".join(orjson.dumps(opened(batch)) + b"\n" for batch in found)
        return Response(200, body, LINES, [(b"cache-control", b"no-store")])

    return tell


def _head(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town = await office.town(request)
        return answer({"head": str(await office.towns.audit(town).head(office.by(request)))})

    return tell


def _verify(office: Office) -> Handler:
    async def tell(request: Request) -> Response:
        town, kept = await office.town(request), kept_head(request.arguments.get("head", ""))
        found = await office.towns.audit(town).verify(kept, office.by(request))
        return answer({"sound": not found.faults, "head": str(found.head), "faults": list(found.faults)})

    return tell
