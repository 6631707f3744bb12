"""When the menu is used: what officers decide about its rows is kept with who, when and why."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files

from machinami.foundation.errors import BadRequestData
from machinami.kit.city import City
from machinami.model.vocabulary.office import Officer
from machinami.services.menu.logic.judging import choice_id, decided, undone
from machinami.services.menu.logic.reading import read_menu
from machinami.services.menu.model import CHOICES, Menu, MenuChoice, Row

PACKAGE = "machinami.services.menu"


@cache
def menu() -> Menu:
    """The menu that ships with this service."""
    return read_menu((files(PACKAGE) / "rows" / "menu.toml").read_text("utf-8"))


async def refresh(city: City, now: datetime) -> None:
    """Say in the log which decisions are about rows that this edition of the menu does not have."""
    known = {choice_id(row.id) for row in menu().rows}
    for choice in await city.find(MenuChoice):
        if choice.id not in known:
            city.log.warning("%s is about a row that the menu of %s does not have", choice.id, menu().edition)


async def choices_of(city: City) -> Mapping[str, MenuChoice]:
    """The decisions by their entity ids, as far as who looks may see them."""
    return {choice.id: choice for choice in await city.find(MenuChoice)}


def row_of(wanted: str) -> Row:
    """A row by its id. Raises BadRequestData."""
    for row in menu().rows:
        if row.id == wanted:
            return row
    raise BadRequestData(f"The menu has no row {wanted!r}", field="row")


async def decide(city: City, wanted: str, state: str, reason: str, by: Officer) -> None:
    """Decide about a row. What is not needed says why. Raises BadRequestData."""
    row = demand_sound(wanted, state, reason)
    async with city.turn:
        before = await city.get(MenuChoice, choice_id(row.id))
        await city.publish(decided(before, row, state, reason, by, city.now()), by=str(by))


def demand_sound(wanted: str, state: str, reason: str) -> Row:
    """The row about which something can be decided so. Raises BadRequestData where it cannot."""
    row = row_of(wanted)
    if state not in CHOICES:
        raise BadRequestData(f"A row is one of {', '.join(CHOICES)}", field="state")
    if state == "not_needed" and not reason:
        raise BadRequestData(
            "Say why this is not needed: whoever comes later will ask", field="reason", key="refused.reason"
        )
    return row


async def undo(city: City, wanted: str, by: Officer) -> None:
    """Take the last decision about a row back. Raises Conflict where there is none."""
    row = row_of(wanted)
    async with city.turn:
        before = await city.get(MenuChoice, choice_id(row.id))
        await city.publish(undone(before, row, by, city.now()), by=str(by))
