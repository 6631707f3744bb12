"""How does a request for the past make an entity map, or follow one that was made before? (5.7.3.4, 5.7.4.4, 5.14.5)"""

from collections.abc import Sequence
from dataclasses import replace

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.entity_maps import kept_map, make_past_map, name_map, read_lifetime, without_asking
from machinami.apis.ngsild.face import Face
from machinami.apis.ngsild.parameters import Paging
from machinami.apis.ngsild.shared_temporal import SharedTemporal
from machinami.apis.ngsild.sharing import warn
from machinami.apis.ngsild.temporal import PastAsked, Temporal
from machinami.broker.entity_maps import past_places
from machinami.kit.http import Handler, Request, Response
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.query import Query

_OK, _CREATED, _ERROR = 200, 201, 300


class FollowingPast:
    """The handlers of requests for the past that make a map or follow one."""

    def __init__(self, face: Face, temporal: Temporal, paging: Paging) -> None:
        self._face = face
        self._temporal = temporal
        self._shared = SharedTemporal(face, temporal, paging.instances)
        self._maps = face.broker.entity_maps

    async def query(self, request: Request, local: Handler) -> Response:
        """The evolutions of the entities that match, with a map (6.18.3.2, 6.24.3.1)."""
        ask = self._temporal.asked_many(without_asking(request))
        lifetime, kept = read_lifetime(request.arguments), kept_map(self._face, request)
        warnings: Sequence[str] = ()
        new = kept is None
        if kept is None:
            kept, warnings = await make_past_map(self._maps, self._shared, ask, lifetime)
        if all(places == (LOCAL,) for places in kept.entries.values()):
            response = await self._here(ask, kept, new)
        else:
            response = await self._shared.follow(ask, kept)
        if new and response.status == _OK:
            response.status = _CREATED
        return warn(name_map(response, kept), warnings)

    async def _here(self, ask: PastAsked, kept: EntityMap, new: bool) -> Response:
        """A page of a map of entities that are all here, so that the store finds the page (5.5.9.3)."""
        ids, wanted = list(kept.entries), ask.wanted
        rest = ids[wanted.page.offset :]
        if rest and not new:  # those from this page on that match no more go, so that pages neither gap nor overlap
            span = self._temporal.span(wanted)
            matching = await past_places(ask.town, replace(wanted.query, ids=tuple(rest)), span, ask.by)
            gone = set(rest).difference(matching)
            self._maps.remove(ask.town, kept.id, gone)
            ids = [one for one in ids if one not in gone]
        return await self._temporal.query_among(ask, ids)

    async def retrieve(self, request: Request, local: Handler) -> Response:
        """The evolution of one entity, asked for where the map says that it is (5.7.3.4)."""
        ask = self._temporal.asked_one(without_asking(request))
        lifetime, kept, entity_id = read_lifetime(request.arguments), kept_map(self._face, request), identified(request)
        among = EntityMap("", ask.town.clock(), {}) if ask.wanted.local else kept
        response, known = await self._shared.one(ask, entity_id, among)
        if response.status >= _ERROR:
            return response
        if kept is None:
            places = {entity_id: known.places}
            kept = self._maps.keep(ask.town, Query(ids=(entity_id,)), places, lifetime, ask.by, known.linked)
        else:
            self._maps.link(ask.town, kept.id, known.linked)
        return name_map(response, kept)
