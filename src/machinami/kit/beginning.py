"""What does a page show in a town that knows nobody yet? What it is for, and that an administrator comes first."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from machinami.kit.frame import Frame, PageHandler
from machinami.kit.http import Request, Response, Route
from machinami.kit.words import OWN

Unprotected = Callable[[Request], Awaitable[bool]]


class MakePage(Protocol):
    """How the routes of a page are made."""

    def __call__(self, method: str, path: str, handler: PageHandler, summary: str = "") -> Route:
        """A route whose errors are pages."""
        ...


@dataclass(frozen=True, slots=True)
class Beginnings:
    """The pages of one package that need to know who somebody is. unprotected: whether the town of a request asks
    nobody who they are."""

    frame: Frame
    package: str
    unprotected: Unprotected

    def page(self, about: str, onward: str) -> MakePage:
        """Routes that show the beginning while the town has no administrator.

        about: under which key the package has the title and the lead of these pages; onward: the text of what comes
        after the first administrator.
        """

        def make(method: str, path: str, handler: PageHandler, summary: str = "") -> Route:
            async def run(request: Request) -> Response:
                if await self.unprotected(request):
                    return self.show(request, about, onward, 200 if method == "GET" else 409)
                return await handler(request)

            return self.frame.page(method, path, run, summary)

        return make

    def show(self, request: Request, about: str, onward: str, status: int = 200) -> Response:
        """The beginning, in the reader's language."""
        words = self.frame.words(request, self.package)
        title, lead = f"{about}.title", f"{about}.lead"
        page = self.frame.show(
            request, f"{OWN}/beginning.html", status, title=words.rich(title), plain_title=words.plain(title),
            lead=words.rich(lead), onward=words.rich(onward),
        )  # fmt: skip
        page.headers.append((b"cache-control", b"no-store"))
        return page
