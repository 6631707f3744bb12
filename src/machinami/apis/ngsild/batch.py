"""What can be done with many entities at once? /entityOperations (ETSI GS CIM 009, 6.14 to 6.17, 6.23, 6.31)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from machinami.apis.ngsild.entities import Entities, merge_intake
from machinami.apis.ngsild.face import Face, check_parameters
from machinami.apis.ngsild.negotiation import GEO_JSON, JSON, SPATIAL, choose, content_type, read_json
from machinami.apis.ngsild.parameters import FORM, PAGING, Paging, options, read_search
from machinami.apis.ngsild.query_document import query_arguments, read_selectors
from machinami.broker import batch
from machinami.broker.batch import Outcome
from machinami.foundation.errors import BadRequestData, ContextNotAvailable, MachinamiError
from machinami.foundation.urn import is_uri
from machinami.kit.http import Request, Response
from machinami.kit.problem import describe
from machinami.model.context import Context
from machinami.model.expansion import UPDATE, Fragment, Intake, expand_entity, expand_fragment

LOCAL = frozenset({"local"})
OPTIONS = LOCAL | {"options"}
MERGE_OPTIONS = OPTIONS | {"format"}
QUERY = (FORM | PAGING) - {"attrs", "pick", "omit", "lang", "datasetId", "type"}

Item = TypeVar("Item")
Read = Callable[[Any, Context], Item]


class Batches:
    """The handlers of /entityOperations."""

    def __init__(self, face: Face, entities: Entities, paging: Paging) -> None:
        self._face = face
        self._entities = entities
        self._paging = paging

    def create(self, request: Request) -> Awaitable[Response]:
        """New entities (6.14.3.1)."""
        check_parameters(request, LOCAL)
        entities, refused = self._read(request, expand_entity)
        town = self._face.town(request, create=True)
        return _told(batch.create_all(town, entities, self._face.by(request)), refused, listing=True)

    def upsert(self, request: Request) -> Awaitable[Response]:
        """New entities, and new contents of those that exist (6.15.3.1)."""
        words = options(check_parameters(request, OPTIONS), frozenset({"replace", "update"}))
        entities, refused = self._read(request, expand_entity)
        town = self._face.town(request, create=True)
        done = batch.upsert_all(town, entities, "update" not in words, self._face.by(request))
        return _told(done, refused, listing=True)

    def update(self, request: Request) -> Awaitable[Response]:
        """Attributes of entities are added and changed (6.16.3.1)."""
        words = options(check_parameters(request, OPTIONS), frozenset({"noOverwrite", "replace"}))
        fragments, refused = self._read(request, _fragment_reader(UPDATE))
        done = batch.update_all(self._face.town(request), fragments, "noOverwrite" not in words, self._face.by(request))
        return _told(done, refused)

    def merge(self, request: Request) -> Awaitable[Response]:
        """Fragments are merged into entities (6.31.3.1)."""
        arguments = check_parameters(request, MERGE_OPTIONS)
        fragments, refused = self._read(request, _fragment_reader(merge_intake(arguments)))
        return _told(batch.merge_all(self._face.town(request), fragments, self._face.by(request)), refused)

    def delete(self, request: Request) -> Awaitable[Response]:
        """Entities go; their history stays (6.17.3.1)."""
        check_parameters(request, LOCAL)
        content_type(request)
        listed = read_json(request.body)
        if not isinstance(listed, list) or not listed:
            raise BadRequestData("The body must be a JSON array of entity ids that is not empty")
        refused = [
            Outcome(str(entity_id)[:200], BadRequestData(f"{str(entity_id)[:200]!r} is not a URI"))
            for entity_id in listed
            if not is_uri(entity_id)
        ]
        ids = [entity_id for entity_id in listed if is_uri(entity_id)]
        return _told(batch.delete_all(self._face.town(request), ids, self._face.by(request)), refused)

    def query(self, request: Request) -> Awaitable[Response]:
        """The entities that match a Query document (6.23.3.1)."""
        arguments = check_parameters(request, QUERY)
        media = choose(request.fields.get(b"accept"), SPATIAL)
        document, context = self._face.document(request)
        asked = {**arguments, **query_arguments(document)}
        search = read_search(asked, context, self._paging, media == GEO_JSON)
        query = replace(search.query, selectors=read_selectors(document, context))
        return self._entities.find(request, replace(search, query=query), media)

    def _read(self, request: Request, read: Read[Item]) -> tuple[list[Item], list[Outcome]]:
        """What each member of the body says, and the outcome of those that say nothing of use."""
        items: list[Item] = []
        refused: list[Outcome] = []
        for document, context in self._face.documents(request):
            try:
                if isinstance(context, MachinamiError):
                    raise context
                items.append(read(document, context))
            except (BadRequestData, ContextNotAvailable) as error:
                refused.append(Outcome(_id_of(document), error))
        return items, refused


def _fragment_reader(intake: Intake) -> Read[tuple[str, Fragment]]:
    def read(document: Any, context: Context) -> tuple[str, Fragment]:
        fragment = expand_fragment(document, context, intake)
        if fragment.id is None:
            raise BadRequestData('Each member of the array needs an "id"', member="id")
        return fragment.id, fragment

    return read


def _id_of(document: Any) -> str:
    found = document.get("id", "") if isinstance(document, dict) else ""
    return found if isinstance(found, str) else ""


async def _told(done: Awaitable[list[Outcome]], refused: Sequence[Outcome], listing: bool = False) -> Response:
    """The answer to a batch: 207 with both lists where something failed, else 201 with what is new, or 204."""
    outcomes = await done
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed or refused:
        errors = [{"entityId": o.entity_id, "error": describe(o.error)[1]} for o in (*refused, *failed) if o.error]
        success = [outcome.entity_id for outcome in outcomes if outcome.error is None]
        result = {"success": success, "errors": errors}
        return Response(207, orjson.dumps(result, default=str), JSON)
    created = [outcome.entity_id for outcome in outcomes if outcome.created]
    if listing and created:
        return Response(201, orjson.dumps(created), JSON)
    return Response(204)
