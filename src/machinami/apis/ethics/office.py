"""What does every handler of this face need? The town, who asks, and through whose eyes they read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from machinami.apis.ethics.shapes import Eyes
from machinami.broker import ethics
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.errors import SignInRequired
from machinami.kit.beginning import Beginnings, MakePage
from machinami.kit.frame import Frame
from machinami.kit.http import Request, Response
from machinami.kit.viewing import Identify
from machinami.model.ethics.proposal import Proposal
from machinami.model.principal import ANONYMOUS, Principal

PACKAGE = "machinami.apis.ethics"
_TENANT = b"ngsild-tenant"


class Towns(Protocol):
    """The towns that decide on purposes: those of a running broker, or of a folder."""

    async def town(self, name: str | None) -> Town:
        """The town of this name. Raises TenantNotFound."""
        ...


def no_drafts() -> Sequence[Proposal]:
    """What services would apply for, where there are none."""
    return ()


def no_people(town: Town) -> Sequence[tuple[str, str]]:
    """Who is known in a town, where nobody is."""
    return ()


@dataclass(frozen=True, slots=True)
class Office:
    """The hold on the towns. identify: who asks; frame: what stands around the pages; drafts: what the town's services
    would apply for; people: who is known in a town, as (id, name)."""

    towns: Towns
    identify: Identify
    frame: Frame
    drafts: Callable[[], Sequence[Proposal]] = no_drafts
    people: Callable[[Town], Sequence[tuple[str, str]]] = no_people

    async def town(self, request: Request) -> Town:
        """The town that the request names. Raises TenantNotFound."""
        named = request.fields.get(_TENANT)
        return await self.towns.town(None if named is None else named.decode("latin-1"))

    def pages(self, about: str) -> MakePage:
        """Routes of pages that begin with the first administrator. about: what the texts call them."""
        return Beginnings(self.frame, PACKAGE, self._is_unprotected).page(about, "ethics.onward")

    async def _is_unprotected(self, request: Request) -> bool:
        return (await self.town(request)).policy.is_open

    def show(self, request: Request, template: str, status: int = 200, **view: Any) -> Response:
        """A page of this face; no browser keeps it."""
        page = self.frame.show(request, f"{PACKAGE}/{template}.html", status, **view)
        page.headers.append((b"cache-control", b"no-store"))
        return page


def demand_known(town: Town, by: Principal) -> None:
    """Raise SignInRequired unless who asks is somebody."""
    if by.id == ANONYMOUS.id and not town.policy.is_open:
        raise SignInRequired("Say who you are to take part in what the ethics board decides")


def expand(name: str) -> str:
    """A name as it is kept."""
    return name if ":" in name else town_context().expand(name)


def short(name: str) -> str:
    """A name as the town says it."""
    return town_context().compact(name)


async def eyes(town: Town, by: Principal) -> Eyes:
    """Through whose eyes is read."""
    board, seat = await ethics.board(town), await ethics.member_of(town, by)
    members = {} if board is None else {one.person: one.name for one in board.in_office(town.clock())}
    return Eyes(short, members, seat is not None or (by.id != ANONYMOUS.id and ethics.is_inside(town, by)))
