"""Is the town in its disaster mode, is that a drill, and who may turn it on and off?"""

from dataclasses import replace
from urllib.parse import quote

from machinami.broker import batch, opening
from machinami.broker.contexts import town_context
from machinami.broker.policy import is_whole, may_administer, shows
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.kit.switches import earlier
from machinami.model.policy import Deed, Row
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.view import attribute_names, from_entity, to_entity
from machinami.model.vocabulary.disaster import MODE_ID, MODES, DisasterMode, Mode
from machinami.model.vocabulary.office import Officer


class Disaster:
    """How the mode of one town stands. town: None where no town is looked at, as tests of one page have it; then it is
    every day."""

    def __init__(self, town: Town | None = None) -> None:
        self._town = town
        self._type = town_context().expand(DisasterMode.TYPE)

    @property
    def mode(self) -> Mode:
        """off, on or drill."""
        said = self.said
        return next((mode for mode in MODES if said is not None and mode == said.state), "off")

    @property
    def said(self) -> DisasterMode | None:
        """What the town says of it; None where it says nothing that can be read."""
        entity = None if self._town is None else self._town.store.peek(MODE_ID)
        try:
            return None if entity is None else from_entity(DisasterMode, entity, town_context())
        except BadRequestData:  # another program wrote what nobody can read: that is no disaster
            return None

    def said_to(self, by: Principal) -> DisasterMode | None:
        """The same, for who asks: who turned it and why is told to who may read that, as of any other entity."""
        readable = self._town is None or shows(self._town.policy, by, self._type)
        return self.said if readable else None

    def may_turn(self, by: Principal) -> bool:
        """Whether who asks may turn it on and off: who may make and change what says how it stands."""
        if self._town is None:
            return False
        return all(is_whole(self._town.policy, by, deed, self._type) for deed in (Deed.CREATE, Deed.CHANGE))

    def demand_turner(self, by: Principal) -> None:
        """Raise SignInRequired or Forbidden unless who asks may turn it on and off."""
        if not self.may_turn(by):
            if by == ANONYMOUS:
                raise SignInRequired("To turn the disaster mode on or off, sign in")
            raise Forbidden(f"{by.id} may not turn the disaster mode on or off", principal=by.id)

    def unseen(self) -> tuple[Row, ...]:
        """The rows that would open to strangers what the light page is about, as far as they do not see it yet."""
        return () if self._town is None else opening.closed_to_strangers(self._town)

    def may_administer(self, by: Principal) -> bool:
        """Whether who asks may open it, as who administers the town may."""
        return self._town is not None and may_administer(self._town.policy, by)

    async def turn(self, state: str, signed: Officer, by: Principal, reason: str) -> None:
        """Have the mode be on, a drill, or off from now on. Raises Conflict where it stands so already, BadRequestData
        for a state that there is not or without a reason, SignInRequired, Forbidden."""
        self.demand_turner(by)
        if state not in MODES:
            raise BadRequestData("The disaster mode is on, drill or off", field="state")
        if not reason.strip():
            raise BadRequestData("Turning the disaster mode on or off needs a reason: say why", field="reason")
        if self._town is None:
            raise NotFound("Here is no town whose mode could be turned")
        if self.mode == state:
            raise Conflict(f"The disaster mode is {state!r} already; open the page anew", state=state)
        said = DisasterMode(
            MODE_ID, state, reason.strip(), signed.who, signed.role, self._town.clock(), earlier(self.said, "off")
        )
        context = town_context()
        known = [context.expand(name) for name in attribute_names(DisasterMode)]
        who = Principal(f"urn:machinami:officer:{quote(signed.who)}") if by == ANONYMOUS else by  # an open town
        await batch.put_all(self._town, [(to_entity(said, context), known)], replace(who, on_behalf_of=str(signed)))
