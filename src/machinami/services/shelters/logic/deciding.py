"""What becomes of a proposal, of the orders in it and of the depots' stock when a named officer decides?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.instant import format_instant
from machinami.model.view import Ref
from machinami.model.vocabulary.office import Officer
from machinami.services.shelters.logic.typed import PREFIX
from machinami.services.shelters.model import AllocationState, Passage, ReliefAllocation, ReliefOrder, ShelterReport

_FROM: Mapping[AllocationState, AllocationState] = {
    "approved": "proposed",
    "declined": "proposed",
    "withdrawn": "approved",
}


def decided(
    one: ReliefAllocation, to: AllocationState, by: Officer, at: datetime, reason: str = ""
) -> ReliefAllocation:
    """The allocation after a decision. Raises Conflict where it stands otherwise, BadRequestData without a reason."""
    if one.state != _FROM.get(to):
        raise Conflict(f"This allocation is {one.state}; it cannot become {to}", allocation=one.id, state=one.state)
    if to != "approved" and not reason.strip():
        raise BadRequestData("Say why: those who take over want to know", field="reason")
    return replace(one, state=to, transitions=[*(one.transitions or []), passage(to, by, at, reason)])


def passage(to: str, by: Officer, at: datetime, reason: str = "") -> Passage:
    """One step, as it is kept."""
    made = Passage(to=to, at=format_instant(at), who=by.who, role=by.role)
    return Passage(**made, reason=reason) if reason else made


def taken_out(one: ReliefAllocation, by: Officer, at: datetime) -> list[ShelterReport]:
    """What leaves the depots: told as staff would tell it, under ids that follow from the allocation's."""
    return [
        ShelterReport(
            f"{PREFIX}{_key(one)}-{number}", Ref(row["depot"]), "stock_out", at, str(by), at,
            item=row["item"], quantity=row["quantity"],
        )
        for number, row in enumerate(one.rows or [])
    ]  # fmt: skip


def put_back(one: ReliefAllocation, by: Officer, at: datetime) -> list[ShelterReport]:
    """The same taken back."""
    return [
        replace(told, id=f"{told.id}-back", kind="void", voids=told.id, item=None, quantity=None)
        for told in taken_out(one, by, at)
    ]


def _key(one: ReliefAllocation) -> str:
    return one.id.rpartition(":")[2]


def allotted(one: ReliefAllocation, orders: Iterable[ReliefOrder], by: Officer, at: datetime) -> list[ReliefOrder]:
    """The orders of an approved allocation, each with what it is given: who asked first is given first."""
    left: dict[tuple[str, str], float] = {}
    for row in one.rows or []:
        key = (row["shelter"], row["item"])
        left[key] = left.get(key, 0.0) + row["quantity"]
    told: list[ReliefOrder] = []
    asked = [order for order in orders if order.id in (one.orders or []) and order.state == "asked"]
    for order in sorted(asked, key=lambda o: (o.asked_at or at, o.id)):
        key = (str(order.ref_place), str(order.item))
        given = min(order.quantity or 0.0, left.get(key, 0.0))
        if given <= 0:
            continue  # nothing is sent: it goes on asking
        left[key] -= given
        told.append(stepped(replace(order, given=given, ref_allocation=Ref(one.id)), "allotted", by, at))
    return told


def stepped(order: ReliefOrder, to: str, by: Officer, at: datetime, reason: str = "") -> ReliefOrder:
    """An order one step on. Raises Conflict for a step that it cannot take."""
    allowed = {"asked": ("allotted", "withdrawn", "arrived"), "allotted": ("arrived", "asked", "withdrawn")}
    if to not in allowed.get(str(order.state), ()):
        raise Conflict(f"This order is {order.state}; it cannot become {to}", order=order.id, state=order.state)
    steps = [*(order.transitions or []), passage(to, by, at, reason)]
    if to == "arrived":
        hours = None if order.asked_at is None else round((at - order.asked_at).total_seconds() / 3600.0, 2)
        return replace(order, state="arrived", arrived_at=at, hours_taken=hours, transitions=steps)
    if to == "allotted":
        return replace(order, state="allotted", transitions=steps)
    return replace(order, state="asked" if to == "asked" else "withdrawn", transitions=steps)


def asked_again(one: ReliefAllocation, orders: Sequence[ReliefOrder], by: Officer, at: datetime) -> list[ReliefOrder]:
    """The orders of an allocation that was withdrawn, which ask anew; what has arrived has arrived."""
    return [
        replace(stepped(order, "asked", by, at), given=0.0)
        for order in orders
        if order.ref_allocation == one.id and order.state == "allotted"
    ]
