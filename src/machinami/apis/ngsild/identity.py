"""Which broker is this? /info/sourceIdentity (ETSI GS CIM 009, 5.2.39 and 6.33)."""

import orjson

from machinami.apis.ngsild.face import Face, check_parameters, context_member, given
from machinami.apis.ngsild.negotiation import LD_JSON, choose
from machinami.foundation.instant import format_instant
from machinami.kit.http import Handler, Request, Response
from machinami.model.context import core

SOURCE_ID = "urn:ngsi-ld:ContextSourceIdentity:machinami"


def identity(face: Face) -> Handler:
    """The handler that tells who this broker is, and since when it runs."""
    town = face.broker.open_town(None)
    began = town.clock() if town is not None else None

    def tell(request: Request) -> Response:
        check_parameters(request, frozenset())
        media = choose(request.fields.get(b"accept"))
        here = face.town(request)
        now = here.clock()
        up = (now - began).total_seconds() if began is not None else 0.0
        document = {
            "id": SOURCE_ID,
            "type": "ContextSourceIdentity",
            "contextSourceAlias": face.broker.federation.alias(here),
            "contextSourceUptime": f"PT{up:.0f}S",
            "contextSourceTimeAt": format_instant(now),
        }
        if media == LD_JSON:
            document["@context"] = context_member(core())
        return given(media, orjson.dumps(document), core())

    return tell
