"""Which town is meant by the host that a browser names, and may it be asked once more?

One gate stands before every route. As long as there is one town, and no bound of requests, it is open and looks at
nothing.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from machinami.broker.quotas import Meter
from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.errors import BadRequestData
from machinami.kit.http import Handler, Request, Response, Route

_TENANT = b"ngsild-tenant"
_MOST = 1_000  # hosts that were looked up
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A town that has a host name of its own, with the handlers that are its own, by method and path."""

    town: str
    handlers: Mapping[Place, Handler]


class Gate:
    """The hosts of the towns, and the meters of those whose requests are counted."""

    def __init__(self, proxied: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.idle = True
        self._proxied = proxied
        self._clock = clock
        self._hosts: Mapping[str, Tenancy] = {}
        self._meters: Mapping[str, Meter] = {}
        self._looked_up: dict[str, Tenancy | None] = {}

    def set(self, hosts: Mapping[str, Tenancy], meters: Mapping[str, Meter]) -> None:
        """Other hosts and meters from now on."""
        self._hosts, self._meters = hosts, meters
        self._looked_up.clear()
        self.idle = not hosts and not meters

    def carry(self, request: Request, handler: Handler, place: Place) -> Response | Awaitable[Response]:
        """The answer of the town that is meant. Raises TooManyRequests, BadRequestData."""
        tenancy = self._tenancy(request)
        if tenancy is not None:
            name = tenancy.town.encode()
            named = request.fields.get(_TENANT)
            if named is None:
                request.headers = [*request.headers, (_TENANT, name)]
                request.known_fields = {**request.fields, _TENANT: name}
                request.memo = None  # of the fields that came, which name another town
            elif named != name:
                raise BadRequestData(f"This host is that of the town {tenancy.town}; ask another town at its own")
            handler = tenancy.handlers.get(place, handler)
        if self._meters:
            asked = request.fields.get(_TENANT)
            meter = self._meters.get(DEFAULT_TOWN if asked is None else asked.decode("latin-1"))
            if meter is not None:
                meter.admit(self._clock())
        return handler(request)

    def _tenancy(self, request: Request) -> Tenancy | None:
        if not self._hosts:
            return None
        host = request.header(b"host") or ""
        if self._proxied:
            host = (request.header(b"x-forwarded-host") or host).partition(",")[0].strip()
        if host not in self._looked_up:
            if len(self._looked_up) >= _MOST:
                self._looked_up.clear()
            self._looked_up[host] = self._hosts.get(host.partition(":")[0].lower())
        return self._looked_up[host]


def gated(route: Route, gate: Gate) -> Route:
    """The route behind the gate."""
    handler, place = route.handler, (route.method, route.path)

    def run(request: Request) -> Response | Awaitable[Response]:
        return handler(request) if gate.idle else gate.carry(request, handler, place)

    return replace(route, handler=run)
