"""How are entities purged here and at the sources that offer it? (ETSI GS CIM 009, 5.6.21)"""

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import replace

from machinami.apis.ngsild.face import Face
from machinami.apis.ngsild.parameters import read_selection
from machinami.apis.ngsild.purge import read_purged
from machinami.apis.ngsild.shared_outcomes import combined, of_part, of_response
from machinami.apis.ngsild.sharing import answered, limited, triggered
from machinami.broker.federation.asking import filters, matching, selection
from machinami.broker.federation.federation import Asked, together
from machinami.broker.federation.passing import may_purge_beyond
from machinami.broker.federation.trigger import Trigger
from machinami.broker.federation.writing import Part, send
from machinami.broker.purge import Extent
from machinami.broker.town import Town
from machinami.foundation.errors import OperationNotSupported
from machinami.kit.http import Handler, Request, Response
from machinami.model.context import Context
from machinami.model.distribution import Share
from machinami.model.query import Query
from machinami.model.registration import EntityInfo, Mode, RegistrationInfo
from machinami.model.registration_matching import Specification, matches_registration, specified

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
        extent = read_purged(dict(request.arguments), trigger.context)[1]
        works = [
            self._send(town, share, part, wanted, extent, trigger)
            for share in shares
            for part in _parts(share, specified(wanted), extent)
        ]
        outcomes = [of_response(own), *map(of_part, await together(works))]
        return combined(_NOBODY, outcomes, own, by_attribute=False)

    async def _send(
        self, town: Town, share: Share, part: RegistrationInfo, wanted: Query, extent: Extent, trigger: Trigger
    ) -> Part:
        if wanted.id_pattern is not None and any(_is_other(one, wanted) for one in part.entities):
            name = share.registration.id
            error = OperationNotSupported(
                f"No request says the idPattern and that of {name} together", registrationId=name
            )
            return Part(name, share.attributes, error)

        def asked(context: Context) -> Asked:
            return Asked("DELETE", "/entities", _arguments(part, wanted, extent, context))

        return await send(self._face.broker.federation, town, share, asked, trigger)

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


def _parts(share: Share, wanted: Specification, extent: Extent) -> Iterable[RegistrationInfo]:
    """What is to go of that which matches of the registration, each by itself: a request for several things at once
    could reach what is between. Of a source that is not to be asked, it is said once.

    The source of an exclusive registration is asked as we were: so the conformance suite reads 5.6.21.4 (D017_01_exc).
    """
    if share.registration.mode is Mode.EXCLUSIVE:
        return [RegistrationInfo()]
    parts = []
    for info in matching(share.registration, wanted):
        if not info.attributes or extent.is_whole or any(map(extent.goes, info.attributes)):
            parts += [replace(info, entities=(entity,)) for entity in info.entities] or [info]
    return parts if share.supported and not share.looped else parts[:1]


def _is_other(entity: EntityInfo, wanted: Query) -> bool:
    return entity.id is None and entity.id_pattern not in (None, wanted.id_pattern) and not wanted.ids


def _arguments(part: RegistrationInfo, wanted: Query, extent: Extent, context: Context) -> Mapping[str, str]:
    """What the source is to let go: nothing that is not registered (4.3.6.1)."""
    arguments = {**selection([part], wanted, context), **filters(wanted, context)}
    if wanted.attrs:
        arguments["attrs"] = ",".join(map(context.compact, wanted.attrs))
    drop, keep = extent.drop, extent.keep
    if part.attributes:
        drop, keep = frozenset(name for name in part.attributes if extent.goes(name) or extent.is_whole), None
    for member, names in (("drop", drop), ("keep", keep)):
        if names is not None:
            arguments[member] = ",".join(sorted(map(context.compact, names)))
    return arguments
