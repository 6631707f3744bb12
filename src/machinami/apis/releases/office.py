"""What does every handler of this face need? The town whose data are released, who asks, and the pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from machinami.apis.releases.sentences import PACKAGE
from machinami.broker.releases.earlier import Work
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, UnsupportedMediaType
from machinami.kit.beginning import Beginnings, MakePage
from machinami.kit.bodies import json_object
from machinami.kit.frame import Frame
from machinami.kit.http import JSON, Request, Response
from machinami.kit.viewing import Identify
from machinami.kit.words import Words
from machinami.model.principal import Principal

_TENANT = b"ngsild-tenant"
_KNOWN = {
    "urn:machinami:app": "who.house",
    "urn:machinami:console": "who.console",
    "urn:machinami:person:invented": "who.invented",
}


class Towns(Protocol):
    """The towns of which releases are made: those of a running broker, or of a folder."""

    async def town(self, name: str | None) -> Town:
        """The town of this name. Raises TenantNotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Press:
    """The hold on the towns. identify: who asks; frame: what stands around the pages; work: what making needs;
    called: what people are called, by their id."""

    towns: Towns
    identify: Identify
    frame: Frame
    work: Work
    called: Callable[[str, str], str] = lambda town, person: person

    async def town(self, request: Request) -> Town:
        """The town that the request names. Raises TenantNotFound."""
        return await self.towns.town(request.header(_TENANT))

    def pages(self, about: str) -> MakePage:
        """Routes of pages that begin with the first administrator. about: what the texts call them."""
        return Beginnings(self.frame, PACKAGE, self._is_unprotected).page(about, "begin.onward")

    async def _is_unprotected(self, request: Request) -> bool:
        return (await self.town(request)).policy.is_open

    def by(self, request: Request) -> Principal:
        """Who asks."""
        return self.identify(request)

    def words(self, request: Request) -> Words:
        """The words of this answer."""
        return self.frame.words(request, PACKAGE)

    def who(self, request: Request, town: Town, person: str) -> str:
        """What somebody is called who made a release, or decided on it."""
        known = _KNOWN.get(person)
        return self.words(request).plain(known) if known else self.called(town.name, person)

    def show(self, request: Request, template: str, status: int = 200, **view: object) -> Response:
        """A page of this face; no browser keeps it."""
        page = self.frame.show(request, f"{PACKAGE}/{template}.html", status, **view)
        page.headers.append((b"cache-control", b"no-store"))
        return page


def json_body(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises BadRequestData, UnsupportedMediaType: another site cannot send JSON."""
    kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType(f"The body is sent as application/json, not as {kind or 'nothing'}")
    return json_object(request.body)


def answer(document: object, status: int = 200) -> Response:
    """An answer in JSON that nobody keeps."""
    return Response(status, orjson.dumps(document), JSON, [(b"cache-control", b"no-store")])


def numbered(text: str) -> int:
    """The number of a version. Raises BadRequestData."""
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 7):
        raise BadRequestData(f"A version has a number, not {text[:20]!r}", member="number")
    return int(text)
