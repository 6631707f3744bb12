"""What becomes of rows that are withdrawn, and of changes that are undone?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from machinami.foundation.errors import Conflict
from machinami.model import undoing
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money.model import WITHDRAWN, CostShare, MoneyChange

Kept = CostItem | IncomeItem | CostShare
KINDS: Mapping[str, type[Kept]] = {kind.TYPE: kind for kind in (CostItem, IncomeItem, CostShare)}


def withdrawn(item: Kept) -> Kept:
    """The row without what it counted for: its name and what it was for stay, its yen go; the log keeps them."""
    if isinstance(item, CostShare):
        return replace(item, state=WITHDRAWN)
    return type(item)(id=item.id, name=item.name, state=WITHDRAWN, simulated=item.simulated)


def restored(change: MoneyChange, now: Mapping[str, Kept]) -> list[Kept]:
    """The rows as they stood before a change; what it made is withdrawn. Raises Conflict where it was undone already,
    or where a row has changed since."""
    if change.state == "undone":
        raise Conflict("This change has been undone already", change=change.id)
    return [
        withdrawn(now[view.id]) if before is None else before
        for view, before in undoing.restored(change.before or {}, change.after or {}, now, KINDS)
    ]


def last_first(changes: Sequence[MoneyChange]) -> list[MoneyChange]:
    """The log, the newest entry first."""
    return sorted(changes, key=lambda c: (c.decided_at.isoformat() if c.decided_at else "", c.id), reverse=True)
