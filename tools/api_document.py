"""What does docs/api.md say? Every operation of every face by its tag, collected without a running town."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from machinami.apis.consent.my_data_api import routes as my_data_routes
from machinami.apis.consent.office import Office as Desks
from machinami.apis.consent.routes import routes as consent_routes
from machinami.apis.erasure.routes import routes as erasure_routes
from machinami.apis.ethics.office import Office as EthicsOffice
from machinami.apis.ethics.programs import routes as ethics_routes
from machinami.apis.governance.office import Office
from machinami.apis.governance.routes import routes as governance_routes
from machinami.apis.identity.asking import Asking
from machinami.apis.identity.routes import routes as identity_routes
from machinami.apis.ngsild.routes import routes as ngsild_routes
from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.apis.pseudonyms.routes import routes as pseudonym_routes
from machinami.apis.reference.routes import routes as reference_routes
from machinami.apis.releases.office import Press
from machinami.apis.releases.routes import routes as release_routes
from machinami.apis.status.routes import routes as status_routes
from machinami.broker.broker import Broker, Ports
from machinami.broker.identity.identity import Identity, Supplies
from machinami.broker.identity.seal import Seal
from machinami.broker.identity.tokens import Tokens
from machinami.broker.releases.earlier import Work
from machinami.cli.service_document import MADE
from machinami.foundation.errors import Overloaded
from machinami.kit.frame import Frame
from machinami.kit.http import Route
from machinami.kit.openapi import Json, document
from machinami.kit.viewing import anyone
from machinami.store.memory import MemoryBackend
from machinami.wire.exchange import Unconnected
from machinami.wire.recorded import RecordedWire

_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def api_page() -> str:
    """List every operation with its query parameters, by tag."""
    told = document(every_route(), "")
    lines = [MADE, "# What can be asked", ""]
    lines += ["A running town tells the same in full at `/docs`, and as OpenAPI at `/openapi.json`.", ""]
    for tag in told["tags"]:
        lines += [f"## {tag['name']}", "", "| operation | what it does | query parameters |", "|---|---|---|"]
        lines += [*_rows(told, tag["name"]), ""]
    return "\n".join(lines).rstrip() + "\n"


def every_route() -> list[Route]:
    """The routes of every face, over a broker that is never started."""
    wire, frame = RecordedWire(), Frame({}, lambda: _DAY)
    broker = Broker(Ports(MemoryBackend(), wire, wire, lambda: _DAY, str, read_subscription))
    identity = Identity(Supplies(lambda: _DAY, bytes, Seal(bytes(32), bytes), broker.protect, str))
    asking = Asking(identity, Tokens(identity))
    status = status_routes("", list, lambda _: ())
    found = [*ngsild_routes(broker), *status, *identity_routes(asking, frame, broker.town)]
    found += governance_routes(Office(broker, identity, asking.principal, frame))
    found += consent_routes(broker, anyone)
    found += ethics_routes(EthicsOffice(broker, anyone, frame))
    found += my_data_routes(Desks(broker, asking.identity, anyone, frame))
    found += erasure_routes(broker, anyone)
    found += pseudonym_routes(broker, anyone, Unconnected())
    work = Work(_never, ZoneInfo("Asia/Tokyo"), bytes)
    found += release_routes(Press(broker, anyone, frame, work))
    return [*found, *reference_routes((), frame, "")]


async def _never(address: str, *arguments: Any) -> Any:
    raise Overloaded("Nothing is made for a document")


def _rows(told: Json, tag: str) -> Iterator[str]:
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            if tag in operation["tags"]:
                names = [f"`{row['name']}`" for row in operation["parameters"] if row["in"] == "query"]
                yield f"| `{method.upper()} {path}` | {operation['summary']} | {', '.join(names)} |"
