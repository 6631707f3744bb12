"""What runs for each town besides the default one: its services, and its pages at a host of its own."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from machinami.app.towns.platform import Platform
from machinami.broker.town import Town
from machinami.kit.desk import House
from machinami.kit.gate import Gate, Place, Tenancy
from machinami.kit.http import Handler, Route
from machinami.kit.schedule import Job
from machinami.kit.switches import Switches


@dataclass(slots=True)
class Tenant:
    """One town with what runs for it."""

    town: Town
    switches: Switches
    houses: list[House] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    handlers: dict[Place, Handler] = field(default_factory=dict)


class Tenants:
    """The towns of an installation besides the default one.

    start: begins the services of a town, each with its job; pages: the routes of a town's pages; quiet: the jobs are
    not started.
    """

    def __init__(
        self,
        platform: Platform,
        gate: Gate,
        start: Callable[[Tenant], Awaitable[None]],
        pages: Callable[[Tenant], Sequence[Route]],
    ) -> None:
        self._platform = platform
        self._gate = gate
        self._start = start
        self._pages = pages
        self.open: dict[str, Tenant] = {}
        self.quiet = False
        self._default: Town | None = None
        platform.listeners.append(self.renew)

    async def join(self, town: Town) -> None:
        """A town is to be reached from now on."""
        if town.is_default:
            self._default = town
            return
        tenant = Tenant(town, Switches(town))
        await self._start(tenant)
        tenant.handlers = {(route.method, route.path): route.handler for route in self._pages(tenant)}
        self.open[town.name] = tenant
        for job in tenant.jobs if not self.quiet else ():
            job.start()
        self.renew()

    async def leave(self, town: Town) -> None:
        """A town is let go."""
        tenant = self.open.pop(town.name, None)
        self.renew()
        if tenant is not None:
            for job in tenant.jobs:
                await job.stop()

    def renew(self) -> None:
        """Have the gate know what has changed: hosts, and bounds of requests."""
        hosts = {self._platform.host(name): Tenancy(name, tenant.handlers) for name, tenant in self.open.items()}
        towns = [tenant.town for tenant in self.open.values()]
        if self._default is not None:
            towns.append(self._default)
        self._gate.set(hosts, {town.name: town.meter for town in towns if town.meter.quota.requests is not None})

    def hosts(self) -> dict[str, str]:
        """The hosts of the towns that have one of their own, with their names."""
        return {self._platform.host(name): name for name in self.open}

    async def close(self) -> None:
        """Stop what runs."""
        for tenant in list(self.open.values()):
            await self.leave(tenant.town)
