"""How is what stands in the shelters told in the reader's words?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from machinami.foundation.instant import parse_instant
from machinami.kit.words import Words
from machinami.methods.shortage import LONGEST
from machinami.model.vocabulary.places import FACILITIES, Shelter
from machinami.services.shelters.book.state import (
    AllocationSheet,
    Crowd,
    MoveSheet,
    OrderSheet,
    PlaceSheet,
    ReportSheet,
    StepSheet,
    StockSheet,
    TripSheet,
)
from machinami.services.shelters.logic.consumption import BY_ID
from machinami.services.shelters.logic.joining import merged
from machinami.services.shelters.model import (
    GROUPS,
    Passage,
    ReliefAllocation,
    ReliefDepot,
    ReliefOrder,
    ReliefStock,
    Settings,
    ShelterNow,
    ShelterReport,
)

PACKAGE = "machinami.services.shelters"
ADDRESS = "/services/shelters"
WIDE = 1.2816  # standard deviations that hold 80 %
_STATES = ("asked", "allotted", "arrived", "withdrawn", "proposed", "approved", "declined")


def key_of(entity_id: str) -> str:
    """The end of an id, that can be part of an address on a page."""
    return entity_id.rpartition(":")[2]


def item_name(item: str | None, words: Words) -> str:
    """What an item is called."""
    return words.plain(f"shelters.item.{item}") if item in BY_ID else str(item or "—")


def unit_of(item: str | None, words: Words) -> str:
    """In what an item is counted."""
    return words.plain(f"shelters.unit.{BY_ID[item].unit}") if item in BY_ID else ""


def place_sheet(
    one: Shelter,
    now_said: ShelterNow | None,
    stocks: Sequence[ReliefStock],
    settings: Settings,
    words: Words,
    now: datetime,
) -> PlaceSheet:
    """A shelter."""
    value = one.occupancy.value if one.occupancy else None
    deviation = now_said.occupancy_deviation.value if now_said and now_said.occupancy_deviation else None
    is_open = one.state == "open"
    persons = None if value is None or not is_open else max(0, round(min(value, 1e7)))
    wide = None if persons is None or deviation is None else WIDE * min(abs(deviation), 1e7)
    counted = one.occupancy.observed_at if one.occupancy and is_open else None
    return PlaceSheet(
        one.id,
        key_of(one.id),
        words.of(one.name, one.id),
        is_open,
        one.state is not None,
        one.opened_at if is_open else None,
        one.opened_by or "" if is_open else "",
        persons,
        None if wide is None or persons is None else max(0, round(persons - wide)),
        None if wide is None or persons is None else round(persons + wide),
        counted,
        counted is not None and now - counted > timedelta(hours=settings.stale_hours),
        one.capacity,
        _crowd(persons, one.capacity),
        [words.plain(f"shelters.facility.{name}") for name in one.facilities or [] if name in FACILITIES],
        one.accessible,
        one.pets,
        one.flood_prone,
        [item_name(item, words) for item in (one.needs or []) if item in BY_ID] if is_open else [],
        stock_sheets(one.id, stocks, settings, words) if is_open else [],
    )


def depot_sheet(one: ReliefDepot, stocks: Sequence[ReliefStock], settings: Settings, words: Words) -> PlaceSheet:
    """A depot, as a place with stock where nobody stays."""
    return PlaceSheet(
        one.id, key_of(one.id), words.of(one.name, one.id), True, True, None, "", None, None, None, None, False, None,
        "unknown", [], None, None, None, [], stock_sheets(one.id, stocks, settings, words), True,
    )  # fmt: skip


def _crowd(persons: int | None, capacity: int | None) -> Crowd:
    if persons is None or not capacity or capacity < 0:
        return "unknown"
    return "full" if persons >= capacity else "filling" if persons >= 0.8 * capacity else "room"


def stock_sheets(place: str, stocks: Sequence[ReliefStock], settings: Settings, words: Words) -> list[StockSheet]:
    """What one place has, what runs out first at first."""
    found = [_stock(one, settings, words) for one in stocks if one.ref_place == place and one.quantity]
    return sorted(found, key=lambda one: (LONGEST if one.middle is None else one.middle, one.name))


def _stock(one: ReliefStock, settings: Settings, words: Words) -> StockSheet:
    middle = one.days_middle.value if one.days_middle else None
    expires = sorted(str(lot.get("expires")) for lot in one.lots or [] if lot.get("expires"))
    return StockSheet(
        one.item or "",
        item_name(one.item, words),
        unit_of(one.item, words),
        (one.quantity.value or 0.0) if one.quantity else 0.0,
        one.daily or 0.0,
        one.days_low,
        middle,
        one.days_high,
        one.days_low is not None and one.days_low < settings.short_days,
        expires[0] if expires else "",
    )


def order_sheet(one: ReliefOrder, names: Mapping[str, str], words: Words) -> OrderSheet:
    """An order."""
    place = str(one.ref_place or "")
    return OrderSheet(
        one.id,
        key_of(one.id),
        names.get(place, place),
        place,
        item_name(one.item, words),
        unit_of(one.item, words),
        one.quantity or 0.0,
        one.given,
        one.state or "asked",
        one.asked_at,
        one.arrived_at,
        steps(one.transitions),
    )


def steps(rows: Sequence[Passage] | None) -> list[StepSheet]:
    """The steps of a decision, the last first."""
    found = []
    for row in rows or []:
        who = " ".join(part for part in (row.get("role", ""), row.get("who", "")) if part)
        if row["to"] in _STATES:
            found.append(StepSheet(row["to"], parse_instant(row["at"]), who, row.get("reason", "")))
    return found[::-1]


def allocation_sheet(one: ReliefAllocation, names: Mapping[str, str], words: Words) -> AllocationSheet:
    """An allocation."""
    moves = [
        MoveSheet(
            names.get(row["depot"], row["depot"]),
            names.get(row["shelter"], row["shelter"]),
            item_name(row["item"], words),
            unit_of(row["item"], words),
            row["quantity"],
        )
        for row in one.rows or []
    ]
    trips = [
        TripSheet(
            row["way"] if row["way"] in ("truck", "drone", "boat") else "truck",
            names.get(row["depot"], row["depot"]),
            [names.get(stop, stop) for stop in row["stops"]],
            row["kilograms"],
            row["minutes"],
            names.get(row.get("after", ""), row.get("after", "")),
            [m for m in moves if m.depot == names.get(row["depot"], row["depot"]) and m.shelter in
             [names.get(stop, stop) for stop in row["stops"]]],
        )
        for row in one.trips or []
    ]  # fmt: skip
    remarks = [
        (names.get(row["place"], row["place"]), words.plain(f"shelters.why.{row['why']}"))
        for row in one.remarks or []
        if words.has(f"shelters.why.{row['why']}")
    ]
    return AllocationSheet(
        one.id, key_of(one.id), one.state, one.made_at, moves, trips, remarks, one.worst, one.worst_by_need,
        one.need_met, steps(one.transitions),
    )  # fmt: skip


def report_sheets(place: str, reports: Sequence[ShelterReport], words: Words, most: int) -> list[ReportSheet]:
    """What was told of a place, the last first."""
    told = merged(one for one in reports if one.ref_place == place)
    gone = {one.voids for one in told if one.kind == "void"}
    shown = [one for one in reversed(told) if one.kind != "void"][:most]
    return [
        ReportSheet(
            one.id, said(one, words), one.at, one.told_by or "—", one.id in gone,
            one.id not in gone and one.kind not in ("open", "close", "arrived"),
        )
        for one in shown
    ]  # fmt: skip


def said(one: ShelterReport, words: Words) -> str:
    """What one report says."""
    facts = {
        "persons": one.persons if one.persons is not None else "—",
        "inward": one.inward or 0,
        "outward": one.outward or 0,
        "item": item_name(one.item, words),
        "quantity": f"{one.quantity or 0:g}",
        "unit": unit_of(one.item, words),
    }
    text = words.plain(f"shelters.said.{one.kind}", **facts)
    counted = [(group, (one.profile or {}).get(group)) for group in GROUPS]
    groups = [f"{words.plain(f'shelters.group.{group}')} {count}" for group, count in counted if count]
    return f"{text} ({', '.join(groups)})" if groups else text
