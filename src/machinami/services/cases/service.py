"""When the case library runs: what ships with it becomes entities once the town plans, once for each edition."""

import asyncio
import tomllib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

from machinami.foundation.errors import NotFound
from machinami.kit.city import City
from machinami.model.view import Ref
from machinami.model.vocabulary.circle import Initiative
from machinami.model.vocabulary.office import Officer
from machinami.services.cases.logic.adding import tried, turned, untried
from machinami.services.cases.logic.reading import read_library, tidied
from machinami.services.cases.model import Library, ReferenceCase

PACKAGE = "machinami.services.cases"
FILES = ("services.toml", "doing.toml")


@cache
def library() -> Library:
    """The cases that ship with this service."""
    folder = files(PACKAGE) / "library"
    return read_library((folder / "sources.toml").read_text("utf-8"), [(folder / f).read_text("utf-8") for f in FILES])


async def refresh(city: City, now: datetime) -> None:
    """Publish the cases of the library that the town does not have in this edition, once it has a work of its own: a
    town that has only just been made holds nothing that nobody put there."""
    if not await city.find(Initiative):
        return
    own = await asyncio.to_thread(library)
    known = {case.id: case.edition for case in await city.find(ReferenceCase)}
    fresh = [case for case in own.cases if known.get(case.id) != case.edition]
    if fresh:
        await city.publish(*fresh, whole=True)


async def cases_of(city: City) -> Sequence[ReferenceCase]:
    """Every case that who looks may see. Before the first refresh, and in a town that opens none, those that ship
    with the service: they are no data of the town."""
    found = [tidied(case) for case in await city.find(ReferenceCase)]
    known = {case.id for case in found}
    return [*found, *(case for case in (await asyncio.to_thread(library)).cases if case.id not in known)]


async def case_of(city: City, entity_id: str) -> ReferenceCase:
    """One case. Raises NotFound."""
    for case in await cases_of(city):
        if case.id == entity_id:
            return case
    raise NotFound("There is no such case", entityId=entity_id)


async def turn(city: City, entity_id: str, state: str, by: Officer) -> None:
    """Withdraw a case of the town's own, or show it again."""
    await city.publish(turned(await case_of(city, entity_id), state, by, city.now()), by=str(by))


async def begun(city: City, case: ReferenceCase) -> list[Initiative]:
    """The works of the town that learned from this case, as far as who looks may see them."""
    return [one for one in await city.find(Initiative) if one.ref_case == Ref(case.id)]


async def try_it(city: City, entity_id: str, running: bool, by: Officer) -> Initiative:
    """Begin the plan's entry for a case, or find the one that was begun and has not ended."""
    async with city.turn:
        case = await case_of(city, entity_id)
        going = [one for one in await begun(city, case) if one.state != "ended"]
        if going:
            return going[0]
        work = tried(city.new_id(Initiative.TYPE), case, str(by), running)
        await city.publish(work, by=str(by))
        return work


async def untry(city: City, work_id: str, by: Officer) -> str:
    """End a work that was begun from a case and of which nobody has made more; the id of the case. Raises NotFound,
    Conflict."""
    async with city.turn:
        work = await city.get(Initiative, work_id)
        if work is None or work.ref_case is None:
            raise NotFound("There is no such work that was begun from a case", entityId=work_id)
        await city.publish(untried(work), by=str(by))
    return work.ref_case


@cache
def areas() -> dict[str, list[str]]:
    """The areas of the ministry's model projects, of most of which the seeds tell the names alone."""
    text = (files(PACKAGE) / "library" / "areas.toml").read_text("utf-8")
    return {kind: list(names) for kind, names in tomllib.loads(text).items()}
