"""What does every handler of this face need? The subscriptions of the town that is meant, and who asks."""

from dataclasses import dataclass
from functools import partial

import orjson

from machinami.broker.tending import Tending
from machinami.broker.town import Town
from machinami.foundation.errors import UnsupportedMediaType
from machinami.kit.frame import Frame
from machinami.kit.http import JSON, Request, Response
from machinami.kit.unreached import why_unreached
from machinami.kit.viewing import Identify
from machinami.kit.words import Words
from machinami.model.principal import Principal

PACKAGE = "machinami.apis.deliveries"
_TENANT = b"ngsild-tenant"


@dataclass(frozen=True, slots=True)
class Office:
    """The hold on the subscriptions. identify: who asks; frame: what stands around the pages."""

    tending: Tending
    identify: Identify
    frame: Frame

    async def town(self, request: Request) -> Town:
        """The town that the request names. Raises TenantNotFound."""
        return await self.tending.town(request.header(_TENANT))

    def by(self, request: Request) -> Principal:
        """Who asks."""
        return self.identify(request)

    def words(self, request: Request) -> Words:
        """The words of this answer."""
        return self.frame.words(request, PACKAGE)

    def show(self, request: Request, template: str, status: int = 200, **view: object) -> Response:
        """A page of this face; no browser keeps it."""
        why = partial(why_unreached, words=self.words(request))
        page = self.frame.show(request, f"{PACKAGE}/{template}.html", status, why=why, **view)
        page.headers.append((b"cache-control", b"no-store"))
        return page


def demand_json(request: Request) -> None:
    """Raise UnsupportedMediaType where a request that does something is not said to be JSON: a page of another site can
    send anything but that without asking."""
    kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType(f"Send the request with Content-Type: application/json, not {kind or 'nothing'}")


def answer(document: object, status: int = 200) -> Response:
    """An answer in JSON that nobody keeps."""
    return Response(status, orjson.dumps(document), JSON, [(b"cache-control", b"no-store")])
