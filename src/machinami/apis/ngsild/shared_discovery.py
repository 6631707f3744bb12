"""Which types and attributes do this broker and the sources that it knows have? (5.7.11, 6.25 to 6.28)"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from machinami.apis.ngsild.discovery import (
    LIST,
    ONE,
    Shape,
    attribute_details,
    attribute_list,
    attribute_rows,
    told,
    type_details,
    type_list,
    type_rows,
)
from machinami.apis.ngsild.face import Face, check_parameters
from machinami.apis.ngsild.negotiation import choose
from machinami.apis.ngsild.parameters import read_flag
from machinami.apis.ngsild.sharing import triggered, warn
from machinami.broker.discovery import AttributeSummary
from machinami.broker.federation import discovering
from machinami.broker.federation.discovering import Asking
from machinami.broker.town import Town
from machinami.kit.http import Handler, Request, Response
from machinami.model.context import Context
from machinami.model.names import check_name

Found = TypeVar("Found")
Ask = Callable[[Asking, Context], Awaitable[tuple[Found, Sequence[str]]]]


class SharedDiscovery:
    """Types and attributes beyond this broker."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def types(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """Every type in use (6.25.3.1)."""
        details = read_flag(check_parameters(request, LIST), "details")
        shape = type_rows if details else type_list
        return self._told(request, town, lambda asking, _: discovering.types(asking, details), shape)

    def type_info(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """One type in use (6.26.3.1)."""
        check_parameters(request, ONE)
        name = check_name(request.params["type"], "the path")
        return self._told(
            request, town, lambda asking, context: discovering.type_info(asking, context.expand(name)), type_details
        )

    def attributes(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """Every attribute in use (6.27.3.1)."""
        details = read_flag(check_parameters(request, LIST), "details")
        shape = attribute_rows if details else attribute_list
        return self._told(request, town, lambda asking, _: discovering.attributes(asking, details), shape)

    def attribute_info(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """One attribute in use (6.28.3.1)."""
        check_parameters(request, ONE)
        name = check_name(request.params["attribute"], "the path")

        def ask(asking: Asking, context: Context) -> Awaitable[tuple[AttributeSummary, Sequence[str]]]:
            return discovering.attribute_info(asking, context.expand(name))

        return self._told(request, town, ask, attribute_details)

    def _told(self, request: Request, town: Town, ask: Ask[Found], shape: Shape[Found]) -> Awaitable[Response]:
        media, context = choose(request.fields.get(b"accept")), self._face.linked_context(request)
        federation = self._face.broker.federation
        asking = Asking(federation, town, triggered(request, context), self._face.by(request))
        return self._answer(ask(asking, context), shape, media, context)

    async def _answer(
        self, finding: Awaitable[tuple[Found, Sequence[str]]], shape: Shape[Found], media: bytes, context: Context
    ) -> Response:
        found, warnings = await finding
        return warn(told(shape(found, context), media, context), warnings)
