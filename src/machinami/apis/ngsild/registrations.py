"""Which Context Sources are registered? /csourceRegistrations (ETSI GS CIM 009, 6.8 and 6.9)."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import orjson

from machinami.apis.ngsild.entities import identified, location, same_id
from machinami.apis.ngsild.face import Face, check_parameters, context_member, given
from machinami.apis.ngsild.negotiation import LD_JSON, choose
from machinami.apis.ngsild.parameters import (
    PAGING,
    Arguments,
    Paging,
    is_local,
    read_page,
    read_selection,
    wants_stamps,
)
from machinami.apis.ngsild.shown import show_list
from machinami.broker import registrations
from machinami.broker.sources import Source
from machinami.broker.stamps import stamps
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant
from machinami.kit.http import Request, Response
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.credentials import revealed
from machinami.model.registration import Registration
from machinami.model.registration_matching import Specification, specified
from machinami.model.registration_reading import merged_registration, read_registration, translated_registration

_TEMPORAL = frozenset({"timerel", "timeAt", "endTimeAt", "timeproperty"})
_NARROWING = ("type", "attrs", "pick", "q", "georel", "geometry")
_FORM = frozenset({"lang", "omit", "pick", "geometryProperty", "options"})
DISCOVER = (
    PAGING
    | _TEMPORAL
    | _FORM
    | frozenset("attrs coordinates csf geometry geoproperty georel id idPattern local q scopeQ type".split())
)
ONE = frozenset({"options"})


class Registrations:
    """The handlers of /csourceRegistrations. What is done here is always about this broker alone (6.3.18)."""

    def __init__(self, face: Face, paging: Paging) -> None:
        self._face = face
        self._paging = paging

    def create(self, request: Request) -> Awaitable[Response]:
        """A new registration (6.8.3.1)."""
        check_parameters(request, frozenset())
        document, context = self._face.document(request)
        town = self._face.town(request, create=True)
        document.setdefault("id", f"urn:ngsi-ld:ContextSourceRegistration:{town.new_id()}")
        return self._create(request, town, read_registration(document, context))

    async def _create(self, request: Request, town: Town, registration: Registration) -> Response:
        await registrations.register(town, registration, self._face.by(request))
        return Response(201, headers=[location("csourceRegistrations", registration.id)])

    def discover(self, request: Request) -> Response:
        """The registrations of sources that may know of what is asked for (6.8.3.2)."""
        arguments = check_parameters(request, DISCOVER)
        media, context = choose(request.fields.get(b"accept")), self._face.linked_context(request)
        page, timed = read_page(arguments, self._paging), wants_stamps(arguments)
        wanted = read_specification(arguments, context)
        every = registrations.discover(self._face.town(request), wanted, self._face.by(request))
        return show_list(
            every,
            page,
            lambda source: self._shown(source, context, media, timed),
            media,
            context,
            request,
            by_name=False,
        )

    def retrieve(self, request: Request) -> Response:
        """One registration with how its source fares (6.9.3.1)."""
        timed = wants_stamps(check_parameters(request, ONE))
        media, context = choose(request.fields.get(b"accept")), self._face.linked_context(request)
        source = registrations.source(self._face.town(request), identified(request), self._face.by(request))
        return given(media, orjson.dumps(self._shown(source, context, media, timed)), context)

    def update(self, request: Request) -> Awaitable[Response]:
        """Members of a registration are changed (6.9.3.2)."""
        check_parameters(request, frozenset())
        registration_id = identified(request)
        fragment, context = self._face.document(request)
        town = self._face.town(request)
        present = registrations.source(town, registration_id, self._face.by(request)).registration
        same_id(fragment, present.id)
        own = self._face.context(present.context)
        changed = merged_registration(present.document, translated_registration(fragment, context, own))
        changed = revealed(changed, present.info, present.endpoint)  # what is shown masked may come back so
        return self._update(request, town, read_registration(changed, own))

    async def _update(self, request: Request, town: Town, changed: Registration) -> Response:
        await registrations.reregister(town, changed, self._face.by(request))
        return Response(204)

    async def delete(self, request: Request) -> Response:
        """A registration ends (6.9.3.3)."""
        check_parameters(request, frozenset())
        await registrations.deregister(self._face.town(request), identified(request), self._face.by(request))
        return Response(204)

    def _shown(self, source: Source, context: Context, media: bytes, timed: bool) -> dict[str, Any]:
        registration = source.registration
        document = translated_registration(registration.document, self._face.context(registration.context), context)
        shown = {**document, **_told(source), **(stamps(registration) if timed else {})}
        if media == LD_JSON:
            shown["@context"] = context_member(context)
        return shown


def read_specification(arguments: Arguments, context: Context) -> Specification:
    """What sources are asked for (5.10.2.4). Raises BadRequestData, also for what is too wide."""
    temporal = None
    if not _TEMPORAL.isdisjoint(arguments):
        get = arguments.get
        temporal = parse.parse_temporal(get("timerel"), get("timeAt"), get("endTimeAt"), get("timeproperty"))
    query = read_selection(arguments, context)
    csf = parse.parse_q(arguments["csf"], context) if "csf" in arguments else None
    if all(name not in arguments for name in _NARROWING) and not is_local(arguments):
        raise BadRequestData(
            "The query is too wide: give at least one of type, attrs, q or georel, or say local=true to mean every one"
        )
    picked: tuple[str, ...] = ()
    if "pick" in arguments:
        projected = parse.parse_projection(arguments["pick"], context, "pick")
        picked = tuple(name for name in projected.names if not name.startswith("@"))
    wanted = specified(query, picked, geo_named="geoproperty" in arguments)
    return replace(wanted, csf=csf, temporal=temporal)


def _told(source: Source) -> dict[str, Any]:
    """How asking the source fared (5.2.9-2)."""
    if not source.times_sent:
        return {}
    told: dict[str, Any] = {
        "status": "failed" if source.failing else "ok",
        "timesSent": source.times_sent,
        "timesFailed": source.times_failed,
    }
    times = {"lastSuccess": source.last_success, "lastFailure": source.last_failure}
    told.update({name: format_instant(at) for name, at in times.items() if at is not None})
    return told
