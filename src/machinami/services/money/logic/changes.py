"""How is a change of rows kept so that it can be told later, and taken back?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from machinami.foundation.errors import Conflict
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money.model import WITHDRAWN, CostShare, MoneyChange

Kept = CostItem | IncomeItem | CostShare
KINDS: Mapping[str, type[Kept]] = {kind.TYPE: kind for kind in (CostItem, IncomeItem, CostShare)}


def written(item: Kept | None) -> dict[str, Any] | None:
    """A row as it is kept in the log; None for what was not there."""
    if item is None:
        return None
    said = {name: value for name, value in asdict(item).items() if value is not None and name != "id"}
    said = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in said.items()}
    return {"type": item.TYPE, **said}


def read(item_id: str, row: Mapping[str, Any]) -> Kept:
    """The row that the log says. decided_at stays out: who brings a row back decides anew."""
    kind = KINDS[str(row["type"])]
    known = {field.name for field in fields(kind)} - {"id", "decided_at"}
    said = {name: value for name, value in row.items() if name in known}
    for name in said:
        if name in ("name", "conditions"):
            said[name] = Words(said[name])
        elif name.startswith("ref_"):
            said[name] = Ref(said[name])
    return kind(id=item_id, **said)


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
    before, after = change.before or {}, change.after or {}
    rows: list[Kept] = []
    for item_id, left in after.items():
        item = now.get(item_id)
        if item is None or _told(written(item)) != _told(left):
            raise Conflict("A row has changed since; undo the later change first", row=item_id)
        row = before.get(item_id)
        rows.append(withdrawn(item) if row is None else read(item_id, row))
    return rows


def _told(row: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (row or {}).items() if name != "decided_at"}


def last_first(changes: Sequence[MoneyChange]) -> list[MoneyChange]:
    """The log, the newest entry first."""
    return sorted(changes, key=lambda c: (c.decided_at.isoformat() if c.decided_at else "", c.id), reverse=True)
