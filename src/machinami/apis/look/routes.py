"""Where does a town's administrator choose how it looks, and from where do pages take it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.appearance import Appearance
from machinami.kit.frame import Frame, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.upload import read_upload
from machinami.kit.viewing import Identify
from machinami.model.colour import contrast, is_colour
from machinami.model.crest import bytes_of, read_crest
from machinami.model.look import LANGUAGES, Crest, Look, made_look, palette, preview_stylesheet, stylesheet

PACKAGE = "machinami.apis.look"
LOOK = "/look"
_OURS = "#1b5e8c"
_FIXED = (b"cache-control", b"private, max-age=31536000, immutable")
_SAFE = (b"x-content-type-options", b"nosniff")
_NO_SCRIPTS = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox")


@dataclass(frozen=True, slots=True)
class LookPage:
    """The page, and what it leads to."""

    frame: Frame
    identify: Identify

    @property
    def appearance(self) -> Appearance:
        """The look of the town."""
        return self.frame.appearance

    def shown(
        self, request: Request, look: Look, status: int = 200, fault: str = "", preview: bool = False
    ) -> Response:
        """The page with a look."""
        accent = look.accent or _OURS
        view: dict[str, Any] = {
            "look": look,
            "accent": accent,
            "fault": fault,
            "preview": preview,
            "said": request.arguments.get("done", ""),
            "modes": [_mode(name, accent) for name in ("light", "dark")],
        }
        page = self.frame.show(request, f"{PACKAGE}/look.html", status, **view)
        page.headers.append((b"cache-control", b"no-store"))
        return page

    async def show(self, request: Request) -> Response:
        """The page as it is."""
        self.appearance.demand(self.identify(request))
        return self.shown(request, self.appearance.look)

    async def take(self, request: Request) -> Response:
        """Show what was chosen, or have the town look so."""
        by = self.identify(request)
        self.appearance.demand(by)
        fields, files = read_upload(request)
        try:
            look = _chosen(fields, files)
        except BadRequestData as error:
            words = self.frame.words(request, PACKAGE)
            key = str(error.facts.get("key", ""))
            said = words.plain(key) if key and words.has(key) else error.detail
            return self.shown(request, self.appearance.look, 422, said)
        if fields.get("do") == "preview":
            return self.shown(request, look, preview=True)
        await self.appearance.choose(look, by)
        return see_other(f"{LOOK}?done=chosen")

    def css(self, request: Request) -> Response:
        """The rules of the accent; with `accent`, those of a preview of it."""
        asked = request.arguments.get("accent")
        if asked is not None:
            if not is_colour(asked):
                raise NotFound("That is no colour")
            return Response(200, preview_stylesheet(asked).encode(), b"text/css; charset=utf-8", [_FIXED, _SAFE])
        accent = self.appearance.look.accent
        return Response(200, stylesheet(accent or _OURS).encode(), b"text/css; charset=utf-8", [_FIXED, _SAFE])

    def crest(self, request: Request) -> Response:
        """The picture of the town. Raises NotFound."""
        crest = self.appearance.look.crest
        if crest is None:
            raise NotFound("This town has no crest")
        return Response(200, bytes_of(crest), crest.media_type.encode(), [_FIXED, _SAFE, _NO_SCRIPTS])


def routes(frame: Frame, identify: Identify) -> list[Route]:
    """Every address of this face."""
    page = LookPage(frame, identify)
    return [
        frame.page("GET", LOOK, page.show, "How the town looks"),
        frame.page("POST", LOOK, page.take, "Choose how the town looks"),
        Route("GET", "/look.css", page.css, "The accent colour of the town", "Pages"),
        Route("GET", f"{LOOK}/crest", page.crest, "The crest of the town", "Pages"),
    ]


def _chosen(fields: Mapping[str, str], files: Mapping[str, bytes]) -> Look:
    crest: Crest | None = None
    if "crest" in files:
        crest = read_crest(files["crest"])
    elif fields.get("kept") and not fields.get("no_crest"):
        crest = _kept(fields["kept"])
    names = {language: fields.get(f"name-{language}", "") for language in LANGUAGES}
    accent = "" if fields.get("no_accent") else fields.get("accent", "")
    return made_look(names, accent, fields.get("contact", ""), crest)


def _kept(data: str) -> Crest:
    """A picture that the form brings back: looked at as if it came anew."""
    try:
        return read_crest(bytes_of(Crest("", data)))
    except ValueError as error:
        raise BadRequestData("The picture cannot be read", key="look.bad_crest") from error


def _mode(name: str, accent: str) -> dict[str, Any]:
    of = palette(accent, name == "dark")
    texts = [("link", contrast(of.river, of.wash)), ("button", contrast(of.on, of.river))]
    return {"name": name, "colour": of.river, "ratios": [(key, f"{ratio:.1f}") for key, ratio in texts]}
