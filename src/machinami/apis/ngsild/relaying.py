"""Where do sources tell of changes that somebody here subscribed to? (ETSI GS CIM 009, 5.8.6)"""

from collections.abc import Awaitable, Mapping
from typing import Any

from machinami.apis.ngsild.face import Face
from machinami.apis.ngsild.negotiation import body_context, content_type, link_context, read_json
from machinami.foundation.errors import BadRequestData, InvalidRequest
from machinami.kit.http import Request, Response
from machinami.model.context import Context

PATH = "/ngsi-ld/ex/remote-notify"  # beside the API, as nobody but a source has business there


class Relaying:
    """The handler of what sources tell.

    Whoever knows the name of a copy, which is drawn by lot, is taken for its source: sources have no other way to say
    who they are. Of the header fields none counts but the @context, as the tenant there is the source's own.
    """

    def __init__(self, face: Face) -> None:
        self._face = face

    def hear(self, request: Request) -> Awaitable[Response]:
        """A notification of a source."""
        document = read_json(request.body)
        if not isinstance(document, dict):
            raise InvalidRequest("The body must be a JSON object {…}")
        context = self._face.context(body_context(link_context(request), content_type(request), document))
        name = document.get("subscriptionId")
        if document.get("type") != "Notification" or not isinstance(name, str):
            raise BadRequestData("Only notifications are taken here: type Notification, with a subscriptionId")
        return self._hear(name, document, context)

    async def _hear(self, name: str, document: Mapping[str, Any], context: Context) -> Response:
        await self._face.broker.shared_subscriptions.hear(name, document, context)
        return Response(200)
