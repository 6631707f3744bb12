"""At which addresses does an administrator see how the installation fares? /operations, as a page and as JSON."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import orjson

from machinami.apis.operations.port import Overseen
from machinami.apis.operations.telling import PACKAGE, command, cure, document, outlook, sized, well, what
from machinami.foundation.errors import Forbidden, SignInRequired
from machinami.kit.charts import spark
from machinami.kit.frame import Frame
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.moments import moment
from machinami.kit.viewing import Identify, Oversees
from machinami.model.checkup.finding import Checkup
from machinami.model.principal import ANONYMOUS

OPERATIONS = "/operations"
FINDINGS = f"{OPERATIONS}/findings"
BUNDLE = f"{OPERATIONS}/bundle"
Towns = Callable[[Request], Collection[str]]
_NEVER_KEPT = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """The page. oversees: whether who asks may see how the machine is run; towns: of which towns they may know by
    name what is there."""

    overseen: Overseen
    frame: Frame
    identify: Identify
    oversees: Oversees
    towns: Towns

    def demand(self, request: Request) -> None:
        """Raise SignInRequired or Forbidden for who may not see it."""
        if not self.oversees(request):
            said = "How the installation fares is for its operators and administrators"
            raise SignInRequired(said) if self.identify(request) == ANONYMOUS else Forbidden(said)

    async def show(self, request: Request) -> Response:
        """The page as it is now."""
        self.demand(request)
        checkup = (await self.overseen.examine()).named_of(self.towns(request))
        words, disk = self.frame.words(request, PACKAGE), self.overseen.disk()
        growth = [(one.at, float(one.used)) for one in self.overseen.growth()]
        view: dict[str, Any] = {
            "checkup": self._view(checkup, request),
            "outlook": outlook(None if disk is None else disk.forecast, words),
            "disk": None
            if disk is None
            else {"free": sized(disk.free), "total": sized(disk.total), "used": sized(disk.used_by_town)},
            "graph": spark(growth, width=360, height=80) if len(growth) > 1 else None,
            "command": f"machinami doctor --data {self.overseen.data}",
        }
        page = self.frame.show(request, f"{PACKAGE}/operations.html", **view)
        page.headers.append(_NEVER_KEPT)
        return page

    def _view(self, checkup: Checkup, request: Request) -> dict[str, Any]:
        words, zone, at = self.frame.words(request, PACKAGE), self.frame.zone, checkup.at
        rows = [
            {
                "severity": one.severity.value,
                "check": one.check,
                "what": what(one, at, words, zone),
                "do": cure(one, at, words, zone),
                "since": None if one.since is None else moment(one.since, at, words, zone),
                "command": command(one, self.overseen.data, "machinami"),
                "link": one.link,
            }
            for one in checkup.findings
        ]
        good = [{"check": one.check, "what": well(one, at, words, zone)} for one in checkup.well]
        looked = moment(at, at, words, zone)
        return {"rows": rows, "well": good, "unknown": checkup.unknown, "sound": checkup.is_sound, "at": looked}

    async def tell(self, request: Request) -> Response:
        """The same for programs."""
        self.demand(request)
        checkup = (await self.overseen.examine()).named_of(self.towns(request))
        told = document(checkup, self.overseen.data)
        return Response(200, orjson.dumps(told), JSON, [_NEVER_KEPT])

    async def pack(self, request: Request) -> Response:
        """The support bundle. A key that was made for figures has no more than those, and the findings."""
        self.demand(request)
        if self.identify(request).scopes is not None:
            raise Forbidden("The support bundle is for people; this key is for figures")
        saved = (b"content-disposition", b'attachment; filename="machinami-bundle.zip"')
        return Response(200, await self.overseen.bundle(self.towns(request)), b"application/zip", [saved, _NEVER_KEPT])


def routes(overseen: Overseen, frame: Frame, identify: Identify, oversees: Oversees, towns: Towns) -> list[Route]:
    """Every address of this face."""
    page = OperationsPage(overseen, frame, identify, oversees, towns)
    return [
        frame.page("GET", OPERATIONS, page.show, "How the installation fares, and what is to be done"),
        Route("GET", FINDINGS, page.tell, "What is wrong with the installation, and what to do", "Status"),
        frame.page("GET", BUNDLE, page.pack, "What helps somebody else to help, without secrets"),
    ]
