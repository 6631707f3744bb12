"""How hot is it, where is it cool, what is to be decided, how is it worked out? For resident, officer and successor."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, replace

from machinami.foundation.errors import BadRequestData, SettingsError
from machinami.kit import approving
from machinami.kit.approving import read_message
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import change_setting, refused_by
from machinami.kit.signing import Audience, choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.vocabulary.office import Officer
from machinami.services.heat import service
from machinami.services.heat.book.day import events as events
from machinami.services.heat.book.state import HeatView
from machinami.services.heat.book.telling import ADDRESS
from machinami.services.heat.book.town import happening as happening
from machinami.services.heat.book.town import view
from machinami.services.heat.logic.cooling import Draft
from machinami.services.heat.service import OWN, PACKAGE

TEMPLATE = f"{PACKAGE}/page.html"
Deed = Callable[[Mapping[str, str], Officer], Awaitable[None]]
_DRAFT = tuple(one.name for one in fields(Draft))


def routes(city: City, desk: Desk) -> list[Route]:
    """The page and every decision that can be taken on it."""
    book = Book(city, Frame.around(desk))
    page = book.frame.page
    return [
        book.frame.public(ADDRESS, book.show, "Heat: how hot it is for people, who is warned, where it is cool"),
        *(page("POST", f"{ADDRESS}/{name}", book.taken(name, deed)) for name, deed in book.deeds().items()),
    ]


class Book:
    """The heat page of one town, and what is done through it."""

    def __init__(self, city: City, frame: Frame) -> None:
        self.city = city
        self.frame = frame

    def deeds(self) -> dict[str, Deed]:
        """What a form does, by its address."""
        return {
            "approve": self.approve,
            "decline": self.decline,
            "withdraw": self.withdraw,
            "shelters": self.designate,
            "shelters/close": self.close,
            "shelters/undo": self.undo,
            "settings": self.setting,
        }

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        done = asked.get("done", "")
        found = await view(self.city, choose_audience(asked.get("view")), words, asked.get("hour", ""))
        return self._page(request, replace(found, done=done if words.has(f"heat.done.{done}") else ""))

    def taken(self, name: str, deed: Deed) -> PageHandler:
        """The handler of a form: does the deed, or shows the page again with what would do."""

        async def take(request: Request) -> Response:
            form = read_form(request)
            try:
                await deed(form, officer(form))
            except (BadRequestData, SettingsError) as error:
                return await self._refused(request, form, error)
            return see_other(f"{ADDRESS}?view=officer&done={name.replace('/', '_')}")

        return take

    async def approve(self, form: Mapping[str, str], by: Officer) -> None:
        """Publish a proposal as the officer wrote it."""
        message = read_message(form)
        await service.approve(self.city, said(form, "proposal"), message, by)

    async def decline(self, form: Mapping[str, str], by: Officer) -> None:
        """Decide not to publish a proposal."""
        await approving.decline(self.city, OWN, said(form, "proposal"), said(form, "reason"), by)

    async def withdraw(self, form: Mapping[str, str], by: Officer) -> None:
        """Take back what is published."""
        await approving.withdraw(self.city, OWN, said(form, "notice"), said(form, "reason"), by)

    async def designate(self, form: Mapping[str, str], by: Officer) -> None:
        """Make a place a cooling shelter, or write one anew."""
        draft = Draft(*(said_if(form, name, 600) for name in _DRAFT))
        await service.designate(self.city, said_if(form, "shelter", 200), draft, by)

    async def close(self, form: Mapping[str, str], by: Officer) -> None:
        """End a cooling shelter."""
        await service.close(self.city, said(form, "shelter"), said(form, "reason"), by)

    async def undo(self, form: Mapping[str, str], by: Officer) -> None:
        """Take back the last change of a cooling shelter."""
        await service.undo_shelter(self.city, said(form, "shelter"), by)

    async def setting(self, form: Mapping[str, str], by: Officer) -> None:
        """Change a setting."""
        await change_setting(self.city, form, service.set_setting)

    async def _refused(
        self, request: Request, form: Mapping[str, str], error: BadRequestData | SettingsError
    ) -> Response:
        words = self.frame.words(request, PACKAGE)
        audience: Audience = "officer"
        found = await view(self.city, audience, words)
        if isinstance(error, SettingsError):
            refused = refused_by(self.city, form, error, words)
            return self._page(request, replace(found, refused=refused), 422)
        return self._page(request, replace(found, fault=_fault(error, words), typed=dict(form)), 422)

    def _page(self, request: Request, found: HeatView, status: int = 200) -> Response:
        return self.frame.show(request, TEMPLATE, status, heat=found)


def _fault(error: BadRequestData, words: Words) -> str:
    """What is wrong with what was typed, in the reader's words where they are known."""
    kind, field = str(error.facts.get("fault", "")), str(error.facts.get("field", ""))
    if kind and words.has(f"heat.fault.{kind}"):
        return words.plain(f"heat.fault.{kind}")
    if words.has(f"heat.fault.{field}"):
        return words.plain(f"heat.fault.{field}")
    return words.plain("heat.fault.other", detail=error.detail)
