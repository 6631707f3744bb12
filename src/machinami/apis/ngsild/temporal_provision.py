"""How is the past of entities told, mended and forgotten? /temporal/entities (ETSI GS CIM 009, 6.18 to 6.22)."""

from collections.abc import Awaitable

from machinami.apis.ngsild.entities import identified, location, same_id
from machinami.apis.ngsild.face import Face, check_parameters
from machinami.apis.ngsild.parameters import read_flag
from machinami.broker import evolution
from machinami.foundation.errors import BadRequestData
from machinami.foundation.urn import is_uri
from machinami.kit.http import Request, Response
from machinami.model.context import Context
from machinami.model.representation import NONE
from machinami.model.temporal_document import expand_additions, expand_evolution, expand_instance, temporal_name

WRITE = frozenset({"local"})
REMOVE = WRITE | {"datasetId", "deleteAll"}


class TemporalProvision:
    """The handlers that write below /temporal/entities."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def tell(self, request: Request) -> Awaitable[Response]:
        """The evolution of an entity, new or as an addition (6.18.3.1)."""
        check_parameters(request, WRITE)
        document, context = self._face.document(request)
        told = expand_evolution(document, context)
        entity_id = told.id or ""
        town = self._face.town(request, create=True)
        return _told(evolution.tell(town, entity_id, told, self._face.by(request)), entity_id)

    def add(self, request: Request) -> Awaitable[Response]:
        """Instances are added (6.20.3.1)."""
        check_parameters(request, WRITE)
        document, context = self._face.document(request)
        entity_id = same_id(document, identified(request))
        told = expand_additions(document, context)
        return _nothing(evolution.add(self._face.town(request), entity_id, told, self._face.by(request)))

    def forget(self, request: Request) -> Awaitable[Response]:
        """The whole evolution goes (6.19.3.2)."""
        check_parameters(request, WRITE)
        return _nothing(evolution.forget(self._face.town(request), identified(request), self._face.by(request)))

    def forget_attribute(self, request: Request) -> Awaitable[Response]:
        """The past of one attribute goes, or of one dataset of it (6.21.3.1)."""
        arguments = check_parameters(request, REMOVE)
        context = self._face.linked_context(request)
        entity_id, name = identified(request), temporal_name(request.params["attribute"], context)
        dataset = arguments.get("datasetId")
        if dataset is not None and dataset != NONE and not is_uri(dataset):
            raise BadRequestData(f"{dataset[:100]!r} in datasetId is not a URI", parameter="datasetId")
        every = read_flag(arguments, "deleteAll")
        town, by = self._face.town(request), self._face.by(request)
        return _nothing(evolution.forget_attribute(town, entity_id, name, by, dataset, every))

    def replace_instance(self, request: Request) -> Awaitable[Response]:
        """One instance gives its place to another (6.22.3.1)."""
        check_parameters(request, WRITE)
        document, context = self._face.document(request)
        entity_id, name, instance_id = _instance(request, context)
        new = expand_instance(request.params["attribute"], name, document, context)
        town, by = self._face.town(request), self._face.by(request)
        return _nothing(evolution.replace_instance(town, entity_id, name, instance_id, new, by))

    def forget_instance(self, request: Request) -> Awaitable[Response]:
        """One instance goes (6.22.3.2)."""
        check_parameters(request, WRITE)
        entity_id, name, instance_id = _instance(request, self._face.linked_context(request))
        town, by = self._face.town(request), self._face.by(request)
        return _nothing(evolution.forget_instance(town, entity_id, name, instance_id, by))


def _instance(request: Request, context: Context) -> tuple[str, str, str]:
    """Entity, attribute and instance that the path names."""
    entity_id, name = identified(request), temporal_name(request.params["attribute"], context)
    instance_id = request.params["instance"]
    if not is_uri(instance_id):
        raise BadRequestData(f"{instance_id[:200]!r} in the path is not a URI, as an instanceId is")
    return entity_id, name, instance_id


async def _told(done: Awaitable[bool], entity_id: str) -> Response:
    if await done:
        return Response(201, headers=[location("temporal/entities", entity_id)])
    return Response(204)


async def _nothing(done: Awaitable[object]) -> Response:
    await done
    return Response(204)
