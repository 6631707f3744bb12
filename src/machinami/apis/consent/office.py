"""What does every handler of this face need? The town, who asks, and what everybody and everything is called there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from machinami.broker.audit import Audit
from machinami.broker.identity.identity import Identity
from machinami.broker.town import Town
from machinami.kit.beginning import Beginnings, MakePage
from machinami.kit.city import service_principal
from machinami.kit.desk import House
from machinami.kit.frame import Frame
from machinami.kit.http import Request, Response
from machinami.kit.naming import Names
from machinami.kit.viewing import Identify
from machinami.kit.words import Words, without_ruby
from machinami.model.identity.account import Account
from machinami.model.principal import Principal

PACKAGE = "machinami.apis.consent"
STAFF = "begin.staff"
_TENANT = b"ngsild-tenant"


class Towns(Protocol):
    """The towns whose people consent: those of a running broker, or of a folder."""

    async def town(self, name: str | None) -> Town:
        """The town of this name. Raises TenantNotFound."""
        ...


class Recorded(Towns, Protocol):
    """Towns with the record of who did what in them."""

    def audit(self, town: Town) -> Audit:
        """The record of who did what in a town."""
        ...


async def town_of(towns: Towns, request: Request) -> Town:
    """The town that the request names. Raises TenantNotFound."""
    named = request.fields.get(_TENANT)
    return await towns.town(None if named is None else named.decode("latin-1"))


@dataclass(frozen=True, slots=True)
class Office:
    """The hold on the towns. houses: the services of the town whose pages these are, those too that are off there."""

    towns: Recorded
    identity: Identity
    identify: Identify
    frame: Frame
    houses: Callable[[], Sequence[House]] = tuple

    async def town(self, request: Request) -> Town:
        """The town that the request names."""
        return await town_of(self.towns, request)

    def pages(self, about: str, onward: str = "begin.people") -> MakePage:
        """Routes of pages that begin with the first administrator. about: what the texts call them."""
        return Beginnings(self.frame, PACKAGE, self._is_unprotected).page(about, onward)

    async def _is_unprotected(self, request: Request) -> bool:
        return (await self.town(request)).policy.is_open

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

    def names(self, request: Request, town: Town) -> Names:
        """What everybody and everything is called."""
        registry = self.identity.of(town.name)
        people = {one.principal_id: one.display for one in registry.accounts.values.values()}
        programs = {key.principal.id: key.name for key in registry.keys.values.values()}
        words = self.words(request)
        manifests = [house.city.manifest for house in self.houses()]
        services = {service_principal(one).id: one.title.spoken(words.language) for one in manifests}
        purposes = {row.id: one.title.spoken(words.language) for one in manifests for row in one.personal}
        plain = {key: without_ruby(title) for key, title in (services | purposes).items()}
        return Names(words, people, programs, plain, plain)

    def account(self, town: Town, person: str) -> Account | None:
        """The account of a person."""
        accounts = self.identity.of(town.name).accounts.values.values()
        return next((one for one in accounts if one.principal_id == person), None)

    def enrolling(self, purpose: str) -> House | None:
        """The service that has people take part who consent to a purpose at a desk; None where none does."""
        return next((house for house in self._asking(purpose) if house.service.enrol is not None), None)

    def service_page(self, purpose: str) -> str:
        """Where somebody takes part in the service that asks for a purpose; empty where no service has such a page."""
        asking = (house for house in self._asking(purpose) if house.service.page is not None)
        return next((f"/services/{house.city.manifest.id}" for house in asking), "")

    def _asking(self, purpose: str) -> list[House]:
        """The services that are on and ask for a purpose."""
        return [
            house
            for house in self.houses()
            if house.is_on() and any(row.id == purpose for row in house.city.manifest.personal)
        ]
