"""How are entities purged here and at the sources that offer it? (ETSI GS CIM 009, 5.6.21)"""

from collections.abc import Awaitable, Mapping

from machinami.apis.ngsild.face import Face
from machinami.apis.ngsild.parameters import read_selection
from machinami.apis.ngsild.shared_outcomes import combined, of_part, of_response
from machinami.apis.ngsild.sharing import answered, limited, triggered
from machinami.broker.federation.federation import Asked, together
from machinami.broker.federation.passing import may_purge_beyond
from machinami.broker.federation.trigger import Trigger
from machinami.broker.federation.writing import send
from machinami.broker.town import Town
from machinami.kit.http import Handler, Request, Response
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.distribution import Share
from machinami.model.query import Query
from machinami.model.registration import Mode
from machinami.model.registration_matching import Specification, matches_registration, specified
from machinami.model.write_scope import format_geo, format_scope
from machinami.model.write_types import format_types

_OPERATION = "purgeEntity"
_REFUSED = 300
_NOBODY = "urn:ngsi-ld:null"


class SharedPurging:
    """Purging beyond this broker."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def purge(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """Entities that match go here and, where a source offers it, there. What is wrong is refused before."""
        context = self._face.linked_context(request)
        wanted = read_selection(request.arguments, context)
        if wanted.types is None and not wanted.attrs and wanted.q is None and wanted.geo is None:
            return answered(local, request)  # too wide, which is said here
        return self._purge(request, town, local, wanted, triggered(request, context))

    async def _purge(self, request: Request, town: Town, local: Handler, wanted: Query, trigger: Trigger) -> Response:
        own = await answered(local, limited(request))
        may_pass = may_purge_beyond(town, self._face.by(request))
        shares = self._shares(town, specified(wanted), trigger) if may_pass else []
        if own.status >= _REFUSED or not shares:
            return own
        federation = self._face.broker.federation

        def asked(context: Context) -> Asked:
            return Asked("DELETE", "/entities", _arguments(request.arguments, wanted, trigger.context, context))

        parts = await together([send(federation, town, share, asked, trigger) for share in shares])
        outcomes = [of_response(own), *map(of_part, parts)]
        return combined(_NOBODY, outcomes, own, by_attribute=False)

    def _shares(self, town: Town, wanted: Specification, trigger: Trigger) -> list[Share]:
        federation, now = self._face.broker.federation, town.clock()
        found = []
        for source in town.sources.kept.values():
            registration = source.registration
            if registration.mode is Mode.AUXILIARY or not matches_registration(registration, wanted, now):
                continue
            looped = federation.is_passed(town, trigger, registration)
            offered = _OPERATION in registration.operations
            if registration.proxied or (offered and not looped):
                found.append(Share(registration, None, offered, looped))
        return found


def _arguments(given: Mapping[str, str], wanted: Query, own: Context, context: Context) -> Mapping[str, str]:
    """The filters as they came; in the words of the source where these are others."""
    arguments = {name: text for name, text in given.items() if name != "local"}
    if own is context:
        return arguments
    if wanted.types is not None:
        arguments["type"] = format_types(wanted.types, context)
    if wanted.q is not None:
        arguments["q"] = parse.format_q(wanted.q, context)
    if wanted.scope is not None:
        arguments["scopeQ"] = format_scope(wanted.scope)
    if wanted.geo is not None:
        arguments.update(format_geo(wanted.geo, context))
    for name in ("attrs", "keep", "drop", "pick", "omit"):
        if name in arguments:
            words = (word.strip() for word in arguments[name].split(","))
            arguments[name] = ",".join(context.compact(own.expand(word)) for word in words)
    return arguments
