"""Is it sure enough who does something on a page of a service? As its manifest demands, or a step up comes first."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from machinami.foundation.errors import MachinamiError, SignInRequired, StepUpRequired
from machinami.kit.frame import Frame
from machinami.kit.http import Handler, Request, Response, Route
from machinami.kit.manifest import Assurance
from machinami.kit.viewing import Identify
from machinami.model.principal import ANONYMOUS

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


def assured(route: Route, needed: Assurance, identify: Identify, is_open: Callable[[], bool], frame: Frame) -> Route:
    """The route, done only for who is known surely enough; looking at a page needs no more than its data do.

    is_open: whether the town asks nobody who they are.
    """
    if route.method in _LOOKING or needed == Assurance():
        return route
    return replace(route, handler=_asking(route.handler, needed, identify, is_open, frame))


def _asking(
    handler: Handler, needed: Assurance, identify: Identify, is_open: Callable[[], bool], frame: Frame
) -> Handler:
    def take(request: Request) -> Response | Awaitable[Response]:
        if not is_open():
            try:
                _demand(request, needed, identify)
            except MachinamiError as error:
                return frame.apologise(request, error)
        return handler(request)

    return take


def _demand(request: Request, needed: Assurance, identify: Identify) -> None:
    by = identify(request)
    if by.identity_assurance >= needed.identity and by.authentication_assurance >= needed.authentication:
        return
    levels = {"identityAssurance": needed.identity, "authenticationAssurance": needed.authentication}
    if by == ANONYMOUS:
        raise SignInRequired("To do this, sign in", **levels)
    raise StepUpRequired(
        f"This needs a surer sign-in: identity level {needed.identity}, authentication level {needed.authentication}",
        **levels,
    )
