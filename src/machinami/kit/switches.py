"""Which of the installed services are on in a town, and who may turn one on or off?

A service that is off shows no pages, takes no work, and keeps its data. One of which a town says nothing is on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args
from urllib.parse import quote

from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.broker.policy import is_whole
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.kit.manifest import Manifest
from machinami.model.change import Change, types_of
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.view import Ref, Words, attribute_names, from_entity, to_entity
from machinami.model.vocabulary.disaster import DisasterMode
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.switches import Switch, TownService, switch_id

_MOST_REVISIONS = 200


class Switches:
    """How the services of one town stand. town: None where no town is looked at, as tests of one page have it; then
    everything is on."""

    def __init__(self, town: Town | None = None) -> None:
        self._town = town
        self._type = town_context().expand(TownService.TYPE)
        self._known: dict[str, TownService | None] = {}
        if town is not None:
            town.store.on_commit(self._hear)

    def is_on(self, service: str) -> bool:
        """Whether a service (by its id) is on."""
        said = self.said(service)
        return said is None or said.state != "off"

    def said(self, service: str) -> TownService | None:
        """What the town says of a service; None where it says nothing that can be read."""
        if service not in self._known:
            self._known[service] = self._look(service)
        return self._known[service]

    def may_turn(self, by: Principal) -> bool:
        """Whether who asks may turn services on and off: who may make and change what says how they stand."""
        if self._town is None:
            return False
        return all(is_whole(self._town.policy, by, deed, self._type) for deed in (Deed.CREATE, Deed.CHANGE))

    def demand_turner(self, by: Principal) -> None:
        """Raise SignInRequired or Forbidden unless who asks may turn services on and off."""
        if not self.may_turn(by):
            if by == ANONYMOUS:
                raise SignInRequired("To turn a service on or off, sign in")
            raise Forbidden(f"{by.id} may not turn services on or off", principal=by.id)

    async def turn(
        self, manifest: Manifest, state: str, signed: Officer, by: Principal, reason: str = "", case: str = ""
    ) -> None:
        """Have a service be on or off from now on. case: the id of the case for whose sake. Raises Conflict where it
        stands so already, BadRequestData for a state that there is not, SignInRequired, Forbidden."""
        self.demand_turner(by)
        if state not in get_args(Switch):
            raise BadRequestData("A service is turned on or off", field="state")
        if self._town is None:
            raise NotFound("Here is no town whose services could be turned on or off")
        if self.is_on(manifest.id) == (state == "on"):
            raise Conflict(f"{manifest.id} is {state} already; open the page anew", service=manifest.id)
        before, now = self.said(manifest.id), self._town.clock()
        said = TownService(
            switch_id(manifest.id),
            Words(ja=manifest.title.ja, en=manifest.title.en),
            state,
            reason or None,
            signed.who,
            signed.role,
            now,
            Ref(case) if case else None,
            earlier(before),
        )
        context = town_context()
        known = [context.expand(name) for name in attribute_names(TownService)]
        who = Principal(f"urn:machinami:officer:{quote(signed.who)}") if by == ANONYMOUS else by  # an open town
        await batch.put_all(self._town, [(to_entity(said, context), known)], replace(who, on_behalf_of=str(signed)))

    def _look(self, service: str) -> TownService | None:
        entity = None if self._town is None else self._town.store.peek(switch_id(service))
        try:
            return None if entity is None else from_entity(TownService, entity, town_context())
        except BadRequestData:  # another program wrote what nobody can read: it turns nothing off
            return None

    def _hear(self, changes: Sequence[Change]) -> None:
        if any(self._type in types for types in types_of(changes)):
            self._known.clear()


def earlier(before: TownService | DisasterMode | None, unsaid: str = "on") -> list[dict[str, str]] | None:
    """How it stood before, as rows. unsaid: how it stood where that is not said."""
    if before is None:
        return None
    row = {
        "state": before.state or unsaid,
        "by": before.decided_by or "",
        "role": before.role or "",
        "at": before.decided_at.isoformat() if before.decided_at else "",
        "reason": before.reason or "",
    }
    return [*(before.revisions or []), row][-_MOST_REVISIONS:]
