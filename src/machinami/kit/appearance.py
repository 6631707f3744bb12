"""How does the town look whose pages these are? Read once from the town, and again when it has been changed."""

from hashlib import sha256

import orjson

from machinami.broker.looks import choose_look, demand_look, look_of
from machinami.broker.town import Town
from machinami.model.look import PLAIN, Look, write_look
from machinami.model.principal import Principal


class Appearance:
    """The look of one town, at hand. town: None for pages without a town, as tests show them."""

    def __init__(self, town: Town | None = None) -> None:
        self._town = town
        self._look: Look | None = PLAIN if town is None else None
        self._version = ""

    @property
    def look(self) -> Look:
        """What the town chose."""
        if self._look is None and self._town is not None:
            self._look = look_of(self._town)
            self._version = sha256(orjson.dumps(write_look(self._look))).hexdigest()[:12]
        return self._look or PLAIN

    @property
    def version(self) -> str:
        """Another one whenever the look is another one, for addresses that browsers keep."""
        return self._version if self.look is not PLAIN else ""

    def demand(self, by: Principal) -> None:
        """Raise Forbidden unless who asks may change it."""
        if self._town is not None:
            demand_look(self._town, by)

    async def choose(self, look: Look, by: Principal) -> None:
        """Have the town look so. Raises Forbidden."""
        if self._town is not None:
            await choose_look(self._town, look, by)
            self._look = None
