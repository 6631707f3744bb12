"""How is a town governed from its folder, while it does not run? Its policy and its account, for who has the folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from machinami.app.importing import town_in
from machinami.app.towns.console import CONSOLE
from machinami.broker import policy_rows
from machinami.broker.audit import Audit
from machinami.broker.contexts import town_context
from machinami.broker.policy_rows import Reason
from machinami.broker.town import Town
from machinami.model.policy import Deed, Row
from machinami.model.starting_policy import starting_rows


@dataclass(frozen=True, slots=True)
class Governed:
    """A town that is not running, with its account."""

    town: Town
    audit: Audit

    def rows(self) -> list[Row]:
        """The rows of its policy; those with which it would begin, where it is open."""
        return list(starting_rows() if self.town.policy.is_open else policy_rows.listed(self.town, CONSOLE))

    def explain(self, who: str, what: str, attribute: str | None) -> list[Reason]:
        """Why somebody may do what to a type, or to an entity that is there, or to one attribute of it."""
        by, rows = policy_rows.principal_named(who), self.rows()
        entity = self.town.store.peek(what)
        kinds = entity.types if entity is not None else (expanded(what),)
        name = None if attribute is None else expanded(attribute)
        found = []
        for deed in Deed:
            reasons = [policy_rows.explain(rows, by, deed, kind, name) for kind in kinds]
            found.append(next((one for one in reasons if one.row is not None), reasons[0]))
        return found


def expanded(name: str) -> str:
    """The IRI of a name in the town's words; an IRI is one already."""
    return name if ":" in name else town_context().expand(name)


def short(name: str) -> str:
    """The short name of an IRI in the town's words."""
    return town_context().compact(name)


@asynccontextmanager
async def governed(folder: Path, name: str | None) -> AsyncIterator[Governed]:
    """The town in a folder, to be governed as long as the block lasts. Raises as `town_in` does."""
    async with town_in(folder, name) as town:
        await policy_rows.load(town.policy, town.store)
        audit = Audit(town.store, town.policy, town.clock)
        town.policy.witness = audit
        await audit.start()
        try:
            yield Governed(town, audit)
        finally:
            await audit.close()
