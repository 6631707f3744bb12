"""The account of the town's plan, for the assembly in full and for residents in short."""

from dataclasses import dataclass

from machinami.foundation.errors import BadRequestData
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.effects import cited
from machinami.kit.frame import Frame, PageHandler
from machinami.kit.http import Request, Response, Route
from machinami.model.vocabulary.circle import ActionPlan
from machinami.services.assembly import service
from machinami.services.assembly.model import Account
from machinami.services.assembly.service import PACKAGE

ADDRESS = "/services/assembly"
TEMPLATE = f"{PACKAGE}/page.html"
READERS = ("resident", "assembly")
_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class View:
    """All that the page shows to one reader. years: those of which there is something to tell."""

    reader: str
    account: Account
    plan: ActionPlan | None
    years: tuple[int, ...]
    closed: frozenset[str]
    is_empty: bool


def routes(city: City, desk: Desk) -> list[Route]:
    """The page of one town."""
    frame = Frame.around(desk)
    return [frame.page("GET", ADDRESS, _show(city, frame), "What was promised, done, spent, changed, and failed")]


def _show(city: City, frame: Frame) -> PageHandler:
    async def show(request: Request) -> Response:
        asked = request.arguments
        reader = next((one for one in READERS if one == asked.get("view")), READERS[0])
        seen = await view(city, reader, read_year(asked.get("year")))
        words = frame.words(request, PACKAGE)
        effects = {change.kpi.id: cited(change.effects, words) for change in seen.account.changes}
        return frame.show(request, TEMPLATE, page=seen, effects=effects)

    return show


async def view(city: City, reader: str, year: int | None) -> View:
    """The page for one reader."""
    known, told, closed = await service.gather(city, year)
    stages = {y for promise in told.promises for stage in promise.stages for y in (stage.first, stage.last)}
    years = sorted({told.year, *stages, *told.money.costs, *told.money.incomes})
    empty = not (known.works or known.kpis or known.pilots or known.costs or known.proposals or closed)
    return View(reader, told, known.plan, tuple(y for y in years if y in _YEARS), closed, empty)


def read_year(asked: str | None) -> int | None:
    """A fiscal year out of an address; None where none is asked for. Raises BadRequestData."""
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or int(asked) not in _YEARS:
        raise BadRequestData(f"The year is a number from 2000 to 2099, not {asked[:20]!r}", parameter="year")
    return int(asked)
