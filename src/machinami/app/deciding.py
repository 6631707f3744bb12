"""How do the pages of the ethics board come by what they need? The people to choose from, and the services' drafts."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from machinami.apis.ethics.office import Office
from machinami.app.backups.lending import Lending
from machinami.app.backups.scheduling import Backups
from machinami.app.declaring import drafted
from machinami.app.keeping import Keeping
from machinami.broker.broker import Broker
from machinami.broker.identity.identity import Identity
from machinami.broker.town import Town
from machinami.kit.desk import Concern
from machinami.kit.frame import Frame
from machinami.kit.installed import Service
from machinami.kit.viewing import Identify

REMINDED = timedelta(days=60)


def ethics_office(
    broker: Broker, identity: Identity, identify: Identify, frame: Frame, services: Callable[[], Sequence[Service]]
) -> Office:
    """The hold of the board's pages on the towns."""

    def people(town: Town) -> Sequence[tuple[str, str]]:
        accounts = identity.of(town.name).accounts.values.values()
        return [(one.principal_id, one.display) for one in accounts if one.ended is None]

    return Office(broker, identify, frame, lambda: drafted(services(), frame.clock()), people)


def concerns_of(
    keeping: Keeping, broker: Broker, backups: Backups | None = None, lending: Lending | None = None
) -> Callable[[], Sequence[Concern]]:
    """What ends soon or is due, of the installation and of the default town."""

    def concerns() -> Sequence[Concern]:
        town = broker.open_town(None)
        copied = () if backups is None else backups.concerns()
        followed = () if lending is None else lending.concerns()
        return [*keeping.concerns(), *copied, *followed, *(reviews_due(town) if town is not None else ())]

    return concerns


def reviews_due(town: Town) -> list[Concern]:
    """The approvals whose review is due within two months, and those for which it is overdue."""
    law, now = town.policy.law, town.clock()
    held = [] if law is None else [one for one in law.approvals.values() if one.ended is None]
    due = [one for one in held if one.review_by - now < REMINDED]
    return [Concern("review" if one.holds(now) else "review_over", one.review_by, one.purpose) for one in due]
