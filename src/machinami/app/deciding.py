"""How do the pages of the ethics board come by what they need? The people to choose from, and the services' drafts."""

from collections.abc import Callable, Sequence

from machinami.apis.ethics.office import Office
from machinami.app.declaring import drafted
from machinami.broker.broker import Broker
from machinami.broker.identity.identity import Identity
from machinami.broker.town import Town
from machinami.kit.frame import Frame
from machinami.kit.installed import Service
from machinami.kit.viewing import Identify


def ethics_office(
    broker: Broker, identity: Identity, identify: Identify, frame: Frame, services: Callable[[], Sequence[Service]]
) -> Office:
    """The hold of the board's pages on the towns."""

    def people(town: Town) -> Sequence[tuple[str, str]]:
        accounts = identity.of(town.name).accounts.values.values()
        return [(one.principal_id, one.display) for one in accounts if one.ended is None]

    return Office(broker, identify, frame, lambda: drafted(services(), frame.clock()), people)
