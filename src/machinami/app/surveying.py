"""How do the buildings of a city model come into a town, one that is not running or one that is?"""

from collections.abc import Callable, Sequence
from typing import Any

from machinami.app.sending import Receiver
from machinami.broker.batch import put_all
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.kit.city import service_principal
from machinami.kit.installed import read_manifest
from machinami.model.attribute import Attribute, Kind
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.view import View, to_entity

PACKAGE = "machinami.ingest.citymodel"
_BATCH = 200
_VALUE = {Kind.LANGUAGE: "languageMap", Kind.RELATIONSHIP: "object", Kind.JSON: "json"}

Progress = Callable[[int, int], None]


async def put_in(town: Town, views: Sequence[View], progress: Progress) -> None:
    """Write what the views describe into a town that is not running; what was there under the same id is updated."""
    context, by = town_context(), service_principal(read_manifest(PACKAGE, "ingest"))
    for begin in range(0, len(views), _BATCH):
        part = views[begin : begin + _BATCH]
        await put_all(town, [(to_entity(view, context), ()) for view in part], by)
        progress(begin + len(part), len(views))


async def hand_in(to: Receiver, views: Sequence[View], progress: Progress) -> None:
    """Send the same to a running town."""
    context = town_context()
    for begin in range(0, len(views), _BATCH):
        part = views[begin : begin + _BATCH]
        await to.take([_document(to_entity(view, context), context) for view in part])
        progress(begin + len(part), len(views))


def _document(entity: Entity, context: Context) -> dict[str, Any]:
    # Names as IRIs, so that no receiver needs our context; location alone is a core term and must stay one.
    place = context.expand("location")
    told = {"location" if name == place else name: _told(found[0]) for name, found in entity.attributes.items()}
    return {"id": entity.id, "type": entity.types[0], **told}


def _told(attribute: Attribute) -> dict[str, Any]:
    return {"type": attribute.kind.value, _VALUE.get(attribute.kind, "value"): attribute.value}
