"""How does a client let entities go that a query finds? DELETE /entities (ETSI GS CIM 009, 6.4.3.3)."""

from collections.abc import Awaitable
from dataclasses import replace

from machinami.apis.ngsild.entities import nothing
from machinami.apis.ngsild.face import Face, check_parameters
from machinami.apis.ngsild.parameters import SELECT, is_local, read_names, read_selection, refuse_everything
from machinami.broker.purge import Extent, purge
from machinami.foundation.errors import BadRequestData
from machinami.kit.http import Request, Response
from machinami.model.context import Context
from machinami.model.query import Query, hops

PURGE = (SELECT - {"expandValues", "jsonKeys"}) | {"keep", "drop", "geometryProperty"}


class Purge:
    """The handler of DELETE /entities."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def purge(self, request: Request) -> Awaitable[Response]:
        """The entities that match go, or some of their attributes."""
        face = self._face
        arguments = check_parameters(request, PURGE)
        context = face.linked_context(request)
        query, extent = read_purged(arguments, context)
        return nothing(purge(face.town(request), query, extent, face.by(request)))


def read_purged(arguments: dict[str, str], context: Context) -> tuple[Query, Extent]:
    """Which entities go, and what of them. Raises BadRequestData where too much, or too little, is said."""
    if "keep" in arguments and "drop" in arguments:
        raise BadRequestData("keep and drop exclude each other; give one of them", parameter="keep")
    query = read_selection(arguments, context)
    if not is_local(arguments):
        refuse_everything(query)
    if query.q is not None and hops(query.q):
        raise BadRequestData("q cannot ask about linked entities where entities are to go", parameter="q")
    drop, keep = (
        frozenset(read_names(arguments[name], context, name)) if name in arguments else None
        for name in ("drop", "keep")
    )
    return replace(query, order=()), Extent(drop, keep)
