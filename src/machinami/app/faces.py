"""What does an installation show, and to whom? The interfaces of programs and the pages of every town at its host."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from machinami.apis.branches.routes import routes as branch_routes
from machinami.apis.consent.office import Office as Desks
from machinami.apis.consent.pages import pages as consent_pages
from machinami.apis.consent.routes import routes as consent_routes
from machinami.apis.deliveries.office import Office as DeliveryOffice
from machinami.apis.deliveries.routes import routes as delivery_routes
from machinami.apis.disaster.routes import programs as disaster_programs
from machinami.apis.disaster.routes import routes as disaster_routes
from machinami.apis.erasure.routes import routes as erasure_routes
from machinami.apis.ethics.office import Office as EthicsOffice
from machinami.apis.ethics.routes import routes as ethics_routes
from machinami.apis.governance.office import Office
from machinami.apis.governance.routes import routes as governance_routes
from machinami.apis.identity.asking import Asking
from machinami.apis.identity.routes import routes as identity_routes
from machinami.apis.look.routes import routes as look_routes
from machinami.apis.ngsild.parameters import Paging
from machinami.apis.ngsild.routes import routes as ngsild_routes
from machinami.apis.operations.port import Overseen
from machinami.apis.operations.retention import routes as retention_routes
from machinami.apis.operations.routes import routes as operations_routes
from machinami.apis.platform.routes import routes as platform_routes
from machinami.apis.pseudonyms.routes import routes as pseudonym_routes
from machinami.apis.reference.routes import routes as reference_routes
from machinami.apis.releases.office import Press
from machinami.apis.releases.routes import routes as release_routes
from machinami.apis.standby.port import Lender
from machinami.apis.standby.routes import routes as standby_routes
from machinami.apis.status.routes import routes as status_routes
from machinami.app import watching
from machinami.app.bounds import origin_of
from machinami.app.copying import Maker
from machinami.app.deciding import ethics_office
from machinami.app.identifying import (
    make_provider,
)
from machinami.app.pressing import press_of
from machinami.app.tenants import Tenant
from machinami.app.towns.platform import Platform
from machinami.app.watching import Installation
from machinami.broker.broker import Broker
from machinami.broker.hearing import Hearing
from machinami.broker.policy import may_administer
from machinami.broker.tending import Tending
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import MachinamiError
from machinami.foundation.settings import Settings
from machinami.kit.appearance import Appearance
from machinami.kit.archive import Archive
from machinami.kit.assuring import assured
from machinami.kit.compute import Compute
from machinami.kit.desk import Desk, House
from machinami.kit.disaster import Disaster
from machinami.kit.forms import is_foreign
from machinami.kit.frame import Frame
from machinami.kit.gate import Gate, gated
from machinami.kit.http import Request, Route
from machinami.kit.installed import Broken, Service
from machinami.kit.rendered import Rendered
from machinami.kit.switched import switched
from machinami.kit.viewing import Identify, of_town, viewed
from machinami.model.principal import Role
from machinami.portal.routes import copy_of
from machinami.portal.routes import routes as portal_routes
from machinami.wire.exchange import HttpCaller

_LOG = logging.getLogger("machinami")
OVERSEERS, WATCHING = frozenset({Role.OPERATOR, Role.ADMINISTRATOR}), "metrics"


class Faces:
    """The routes of one installation. services: those that were started; identify: who stands behind a request."""

    def __init__(
        self,
        settings: Settings,
        version: str,
        broker: Broker,
        asking: Asking,
        platform: Platform,
        gate: Gate,
        watched: Installation,
        compute: Compute,
        caller: HttpCaller,
        services: Callable[[], Sequence[Service]],
        identify: Identify,
        overseer: Overseen,
        lender: Lender,
        hearing: Hearing,
    ) -> None:
        self.settings = settings
        self.version = version
        self.broker = broker
        self.asking = asking
        self.identity = asking.identity
        self.platform = platform
        self.gate = gate
        self.watched = watched
        self._compute = compute
        self._caller = caller
        self._services = services
        self.identify = identify
        self.overseer = overseer
        self.lender = lender
        self.hearing = hearing

    def oversees(self, request: Request) -> bool:
        """Whether who asks may see how the installation is run: everybody in an open town; in a protected one who sits
        at the machine, its operators and administrators, and keys with the scope `metrics`."""
        town = self.broker.open_town(None)
        if town is None or town.policy.is_open or self.asking.is_near(request):
            return True
        try:
            by = self.identify(request)
        except MachinamiError:
            return False
        of_this_town = request.header(b"ngsild-tenant") is None  # administrators of another one see their own alone
        return of_this_town and (WATCHING in (by.scopes or ()) or (by.scopes is None and bool(by.roles & OVERSEERS)))

    def is_open_here(self, request: Request) -> bool:
        """Whether the town has no administrators, and who asks sits at its machine, in no page of another site."""
        town = self.broker.open_town(None)
        return town is not None and town.policy.is_open and self.asking.is_near(request) and not is_foreign(request)

    def towns_known(self, request: Request) -> Collection[str]:
        """Of which towns who asks may know by name what is there: all of them who has the machine itself, or where the
        town is open; an administrator their own; operators none."""
        town = self.broker.open_town(None)
        if town is None or town.policy.is_open or self.asking.is_near(request):
            return [one.name for one in self.broker.towns]
        return [town.name] if may_administer(town.policy, self.identify(request)) else ()

    def towns_measured(self, request: Request) -> Collection[str]:
        """Of which towns who asks may have figures by name: a key that an administrator made for figures, too."""
        known = self.towns_known(request)
        return known or ([DEFAULT_TOWN] if WATCHING in (self.identify(request).scopes or ()) else ())

    def office(self, desk: Desk) -> Office:
        """Where policy, account and people are governed."""
        return Office(self.broker, self.identity, self.identify, Frame.around(desk))

    def press(self, desk: Desk) -> Press:
        """Where releases of anonymous data are made."""
        return press_of(self.broker, self.identity, self.identify, desk, self._compute)

    def deliveries(self, desk: Desk) -> DeliveryOffice:
        """Where it is seen how notifications fare."""
        return DeliveryOffice(Tending(self.broker), self.identify, Frame.around(desk))

    def routes(self, desk: Desk) -> list[Route]:
        """Everything that is shown at the host of the default town."""
        found = [
            *ngsild_routes(self.broker, self.identify, self._paging(), origin_of(self.settings)),
            *status_routes(
                self.version,
                lambda: watching.parts(self.watched),
                lambda request: watching.metrics(self.watched, self.towns_measured(request)),
                self.oversees,
            ),
        ]
        found += operations_routes(self.overseer, Frame.around(desk), self.identify, self.oversees, self.towns_known)
        found += self._retention(Frame.around(desk))
        found += platform_routes(self.platform, self.identify, Frame.around(desk))
        found += identity_routes(
            self.asking,
            Frame.around(desk),
            self.broker.town,
            make_provider(self.identity, self.settings, self._caller),
        )
        found += governance_routes(self.office(desk))
        found += delivery_routes(self.deliveries(desk))
        found += consent_routes(self.broker, self.identify)
        found += release_routes(self.press(desk))
        found += consent_pages(self._desks(desk))
        found += erasure_routes(self.broker, self.identify)
        found += branch_routes(self.broker.town, self.identify, self.hearing, self._keepers)
        found += standby_routes(self.lender, self.identify, self.is_open_here)
        found += disaster_programs(self.broker.town, self.identify)
        found += pseudonym_routes(self.broker, self.identify, self._caller)
        found += ethics_routes(self._ethics(Frame.around(desk)))
        found += reference_routes(found, Frame.around(desk), self.version)
        frame = Frame.around(desk)
        return [frame.spoken(gated(route, self.gate)) for route in found + self._pages(desk, DEFAULT_TOWN)]

    def _pages(self, desk: Desk, town: str) -> list[Route]:
        frame, known = Frame.around(desk), of_town(self.identify, town)
        pages = [*look_routes(frame, self.identify), *disaster_routes(frame, self.identify), *portal_routes(desk)]
        for house in (*desk.houses(), *desk.resting()):
            pages += self._pages_of(house, desk)
        return [viewed(page, known, self.asking.address) for page in pages]

    def copied(self, default: Desk, tenants: Mapping[str, Tenant]) -> dict[str, Maker]:
        """What makes the light pages of every town, by its name."""
        others = {name: copy_of(self.desk_of(tenant, default)) for name, tenant in tenants.items()}
        return {DEFAULT_TOWN: copy_of(default), **others}

    def desk_of(self, tenant: Tenant, default: Desk) -> Desk:
        """What the pages of a town besides the default one are given."""
        name, houses = tenant.town.name, tenant.houses
        return replace(
            default,
            town_name={"ja": name, "en": name, "easy": name},
            simulated=False,
            archive=Archive(tenant.town),
            appearance=Appearance(tenant.town),
            disaster=Disaster(tenant.town),
            rendered=Rendered(),
            houses=lambda: [house for house in houses if house.is_on()],
            resting=lambda: [house for house in houses if not house.is_on()],
            switches=tenant.switches,
            base_layers=dict,
            set_to={},
        )

    def of(self, tenant: Tenant, default: Desk) -> list[Route]:
        """What a town besides the default one shows at its own host; all else there is as everywhere."""
        name, desk = tenant.town.name, self.desk_of(tenant, default)
        frame = Frame.around(desk)
        own = identity_routes(self.asking, frame, self.broker.town, home=lambda: self.platform.address(name))
        governing = [*governance_routes(self.office(desk)), *delivery_routes(self.deliveries(desk))]
        agreeing = [*consent_pages(self._desks(desk)), *ethics_routes(self._ethics(frame))]
        return [
            frame.spoken(route)
            for route in (
                *own,
                *governing,
                *agreeing,
                *self._retention(frame),
                *release_routes(self.press(desk)),
                *self._pages(desk, name),
            )
        ]

    def _retention(self, frame: Frame) -> list[Route]:
        async def town(request: Request) -> Town:
            return await self.broker.town(request.header(b"ngsild-tenant"))

        return retention_routes(frame, self.identify, town, self.settings.log_days)

    def _desks(self, desk: Desk) -> Desks:
        return Desks(
            self.broker, self.identity, self.identify, Frame.around(desk), lambda: (*desk.houses(), *desk.resting())
        )

    def _keepers(self) -> Collection[str]:
        """The services that keep files."""
        return [one.manifest.id for one in self._services() if "files" in one.manifest.needs]

    def _ethics(self, frame: Frame) -> EthicsOffice:
        return ethics_office(self.broker, self.identity, self.identify, frame, self._services)

    def _paging(self) -> Paging:
        settings = self.settings
        return Paging(min(Paging().default, settings.page_limit), settings.page_limit, settings.instance_limit)

    def _pages_of(self, house: House, desk: Desk) -> list[Route]:
        """The routes of a service's pages; a service whose pages fail goes on without them, and is said so."""
        try:
            faces = [face for face in (house.service.page, house.service.api) if face is not None]
            needed, frame = house.service.manifest.assurance, Frame.around(desk)
            found = [route for face in faces for route in face.routes(house.city, desk)]
            sure = (assured(route, needed, self.identify, self._is_open, frame) for route in found)
            return [switched(route, house.service.manifest, desk.switches, frame) for route in sure]
        except Exception as error:  # the package may be a vendor's: its fault stops nobody else
            _LOG.exception("the pages of %s are left out", house.service.package)
            self.watched.broken = [*self.watched.broken, Broken(house.service.package, f"its pages: {error}")]
            return []

    def _is_open(self) -> bool:
        town = self.broker.open_town(None)
        return town is None or town.policy.is_open
