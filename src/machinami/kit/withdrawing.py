"""How does a service take back what it told the town's people? The same for whatever it warns of."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from machinami.foundation.errors import Conflict, NotFound
from machinami.kit.city import City
from machinami.model.publishing import cancelled
from machinami.model.view import View
from machinami.model.vocabulary.alerts import Alert, in_force, service_of
from machinami.model.vocabulary.decisions import Steps, demand_officer, demand_reason, move
from machinami.model.vocabulary.office import Officer


class Proposed(Steps, View, Protocol):
    """A proposal of any service, as it is stored."""


P = TypeVar("P", bound=Proposed)


async def withdraw_alert(
    city: City, service: str, kind: type[P], alert_id: str, reason: str, by: Officer, logged: Callable[[Alert], View]
) -> None:
    """Take back what a service published: a CAP Cancel says so, the proposal that it came from is ended, and what
    `logged` makes of it goes into the log of decisions. kind: of the service's proposals. Raises NotFound, Conflict
    where it is not in force any more, BadRequestData where a name, a role or the reason is missing."""
    async with city.turn:
        now = city.now()
        alert = await city.get(Alert, alert_id)
        if alert is None or service_of(alert) != service:
            raise NotFound(f"There is no alert {alert_id}", alert=alert_id)
        if alert not in in_force([alert], now):
            raise Conflict("This is not in force any more, so it cannot be withdrawn", alert=alert_id)
        demand_officer(by)
        changed = cancelled(alert, demand_reason(reason), city.new_id("Alert"), now)
        proposal = await city.get(kind, str(alert.ref_proposal)) if alert.ref_proposal else None
        ended = [move(proposal, "withdrawn", now, by, reason)] if proposal and proposal.state == "published" else []
        await city.publish(changed, *ended, logged(alert), by=by.who, whole=True)
