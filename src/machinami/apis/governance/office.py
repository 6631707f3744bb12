"""What does every handler of this face need? The town that is governed, who asks, and who is known there."""

from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from machinami.broker.audit import Audit
from machinami.broker.discovery import types
from machinami.broker.identity.identity import Identity
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import UnsupportedMediaType
from machinami.kit.bodies import json_object
from machinami.kit.frame import Frame
from machinami.kit.http import JSON, Request, Response
from machinami.kit.naming import Names
from machinami.kit.viewing import Identify
from machinami.kit.words import Words
from machinami.model.identity.account import Account
from machinami.model.identity.key import AccessKey
from machinami.model.policy import Deed
from machinami.model.policy_remarks import Present
from machinami.model.principal import Principal, Role

PACKAGE = "machinami.apis.governance"
_TENANT = b"ngsild-tenant"


class Towns(Protocol):
    """The towns that can be governed: those of a running broker, or of a folder."""

    async def town(self, name: str | None) -> Town:
        """The town of this name. Raises TenantNotFound."""
        ...

    def audit(self, town: Town) -> Audit:
        """The record of who did what in a town."""
        ...


@dataclass(frozen=True, slots=True)
class Office:
    """The hold on the towns. identify: who asks; frame: what stands around the pages."""

    towns: Towns
    identity: Identity
    identify: Identify
    frame: Frame

    async def town(self, request: Request) -> Town:
        """The town that the request names, for who administers it. Raises Forbidden, SignInRequired, TenantNotFound."""
        town = await self.towns.town(request.header(_TENANT))
        demand(town.policy, self.identify(request), Deed.ADMINISTER)
        return town

    def by(self, request: Request) -> Principal:
        """Who asks."""
        return self.identify(request)

    def words(self, request: Request) -> Words:
        """The words of this answer."""
        return self.frame.words(request, PACKAGE)

    def show(self, request: Request, template: str, status: int = 200, **view: object) -> Response:
        """A page of this face; no browser keeps it."""
        page = self.frame.show(request, f"{PACKAGE}/{template}.html", status, **view)
        page.headers.append((b"cache-control", b"no-store"))
        return page

    def people(self, town: Town) -> list[Account]:
        """The people of a town, those who left too."""
        return list(self.identity.of(town.name).accounts.values.values())

    def programs(self, town: Town) -> list[AccessKey]:
        """The keys of programs and devices of a town."""
        return list(self.identity.of(town.name).keys.values.values())

    def names(self, request: Request, town: Town) -> Names:
        """What everybody and everything is called."""
        people = {one.principal_id: one.display for one in self.people(town)}
        return Names(self.words(request), people, {key.principal.id: key.name for key in self.programs(town)})

    async def present(self, town: Town, by: Principal) -> Present:
        """Who and what is there, so that it can be said of a row whom it reaches."""
        here = [one for one in self.people(town) if one.ended is None]
        keys = self.programs(town)
        ids = {one.principal_id for one in here} | {key.principal.id for key in keys}
        roles = {role for one in here for role in one.roles} | {role for key in keys for role in key.roles}
        roles |= {Role.SERVICE}
        rights = town.policy.rights(by)
        if rights is not None and not rights.may(Deed.READ):  # a program that governs and reads nothing
            return Present(ids, roles)
        return Present(ids, roles, {summary.type for summary in await types(town, by)})


def json_body(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises BadRequestData, UnsupportedMediaType: a page of another site can send
    anything but JSON without asking, which matters where a town is not protected yet."""
    kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType(f"The body is sent as application/json, not as {kind or 'nothing'}")
    return json_object(request.body)


def answer(document: object, status: int = 200, **headers: str) -> Response:
    """An answer in JSON that nobody keeps."""
    fields = [(b"cache-control", b"no-store")]
    fields += [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Response(status, orjson.dumps(document), JSON, fields)
