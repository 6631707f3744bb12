"""What does an address of a service answer while the service is off in its town?"""

from collections.abc import Awaitable
from dataclasses import replace

from machinami.foundation.errors import NotFound
from machinami.kit.frame import PAGES, Frame
from machinami.kit.http import Handler, Request, Response, Route
from machinami.kit.manifest import Manifest
from machinami.kit.problem import problem
from machinami.kit.switches import Switches

OFF_PAGE = "machinami.kit/off.html"


def switched(route: Route, manifest: Manifest, switches: Switches, frame: Frame) -> Route:
    """The route, which answers only while its service is on; else it says that it is off."""
    handler: Handler = route.handler

    def answer(request: Request) -> Response | Awaitable[Response]:
        if switches.is_on(manifest.id):
            return handler(request)
        if route.tag != PAGES:
            return problem(NotFound(f"The service {manifest.id} is off in this town", service=manifest.id))
        title = manifest.title.spoken(frame.words(request).language)
        return frame.show(request, OFF_PAGE, 404, title=title)

    return replace(route, handler=answer)
