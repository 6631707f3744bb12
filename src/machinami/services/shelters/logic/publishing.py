"""As which entities is told how the shelters stand?"""

from collections.abc import Callable, Mapping
from datetime import datetime

from machinami.model.view import Measured, Ref
from machinami.model.vocabulary.places import Shelter, ShelterState
from machinami.services.shelters.logic.allocating import Proposal
from machinami.services.shelters.logic.joining import NEVER, Standing
from machinami.services.shelters.logic.outlook import Outlook, Supply, needs
from machinami.services.shelters.model import (
    LotRow,
    ReliefAllocation,
    ReliefDepot,
    ReliefStock,
    Settings,
    ShelterNow,
    Trip,
)

PERSONS = "C62"  # UN/CEFACT: one


def shelter_of(
    shelter: Shelter, told: Standing | None, found: Outlook | None, settings: Settings, now: datetime
) -> ShelterNow | None:
    """What is said of a shelter now; None where nothing is new. It is open or closed as was told last."""
    if told is None:
        return None
    state: ShelterState | None = "open" if told.state == "open" else "closed" if told.state == "closed" else None
    opened = told.changed_at if state == "open" else None
    count = found.count if found and state != "closed" else None
    at = found.counted_at if found else None
    said = ShelterNow(
        shelter.id,
        state if state != shelter.state else None,
        opened if opened != shelter.opened_at else None,
        told.changed_by if state == "open" and told.changed_by != shelter.opened_by else None,
        Measured(round(count.persons), at, PERSONS) if count and at else None,
        Measured(round(count.deviation, 1), at, PERSONS) if count and at else None,
        needs(found, settings) if found and state == "open" else [] if shelter.needs else None,
    )
    if said.occupancy == shelter.occupancy and said.needs == shelter.needs:
        unchanged = said.state is None and said.opened_at is None and said.opened_by is None
        return None if unchanged else said
    return said


def stocks_of(
    place: Shelter | ReliefDepot,
    told: Standing | None,
    found: Outlook | None,
    known: Mapping[str, ReliefStock],
    now: datetime,
) -> list[ReliefStock]:
    """What a place has of each item, as far as that is not what stands already."""
    if told is None or found is None:
        return []
    rows = []
    for one in found.supplies:
        if one.item not in told.holdings and (not isinstance(place, Shelter) or place.state != "open"):
            continue
        made = _stock_of(place, told, one, now)
        if _differs(known.get(made.id), made):
            rows.append(made)
    return rows


def _stock_of(place: Shelter | ReliefDepot, told: Standing, one: Supply, now: datetime) -> ReliefStock:
    held = told.holdings.get(one.item)
    lots = [
        LotRow(quantity=amount, expires=None if last == NEVER else last.isoformat())
        for last, amount in sorted(held.lots.items() if held else ())
    ]
    used = one.daily > 0
    return ReliefStock(
        f"urn:ngsi-ld:{ReliefStock.TYPE}:{place.id.rpartition(':')[2]}-{one.item}",
        Ref(place.id),
        one.item,
        Measured(one.quantity, now),
        lots,
        round(one.daily, 1),
        round(one.runs_out.low, 2) if used else None,
        Measured(round(one.runs_out.middle, 2), now, "DAY") if used else None,
        round(one.runs_out.high, 2) if used else None,
        place.simulated,
    )


def _differs(before: ReliefStock | None, after: ReliefStock) -> bool:
    """Whether there is anything new to tell: another amount, or another tenth of a day."""
    if before is None or before.quantity is None or before.lots != after.lots:
        return True
    first, then = before.days_middle, after.days_middle
    apart = abs((first.value or 0.0) - (then.value or 0.0)) if first and then else float(first is not then)
    return before.quantity.value != (after.quantity and after.quantity.value) or apart >= 0.1


def allocation_of(
    before: ReliefAllocation | None,
    new_id: Callable[[], str],
    found: tuple[Proposal, list[Trip]],
    simulated: bool | None,
    now: datetime,
) -> ReliefAllocation | None:
    """The proposal as an entity, in the place of the one that waits; None where that one says the same."""
    said, trips = found
    rows, remarks = list(said.rows), list(said.remarks)
    if before is not None and (before.rows, before.trips, before.remarks) == (rows, trips, remarks):
        return None
    return ReliefAllocation(
        before.id if before else new_id(),
        "proposed",
        now,
        rows,
        list(said.orders),
        trips,
        remarks,
        round(said.worst, 4),
        round(said.worst_by_need, 4),
        round(said.met, 4),
        None,
        simulated,
    )
