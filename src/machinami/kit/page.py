"""How does a view become a page? Jinja2 templates of the kit, the portal and every service, in three languages.

A template is named `package/file.html` (`machinami.portal/home.html`) and lies in that package's `templates`
folder, so a service from outside brings its own pages.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from urllib.parse import quote, urlencode

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from machinami.kit.archive import Standing
from machinami.kit.asides import Aside
from machinami.kit.assets import asset_address
from machinami.kit.circle import Step
from machinami.kit.forms import FIELD
from machinami.kit.http import Response
from machinami.kit.kept import NOBODY
from machinami.kit.moments import TOWN_ZONE, Moment, day_told, fiscal, fiscal_span, moment
from machinami.kit.units import shown, unit_text
from machinami.kit.viewing import Called
from machinami.kit.words import HTML_LANG, LANGUAGES, OWN, Language, Words, with_ruby, without_ruby
from machinami.model.look import PLAIN, Look
from machinami.model.vocabulary.disaster import Mode

_POSTED = re.compile(r'<form method="post"[^>]*>')
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# Nothing of the machine that a page could ask its reader for, but the passkeys of its own sign-in.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "usb",
        "xr-spatial-tracking",
    )
)  # fmt: skip
PAGE_HEADERS: Mapping[str, str] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Vary": "Cookie, Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class Shell:
    """What every page of a town shows around its content."""

    town: Mapping[str, str]
    now: datetime
    path: str = "/"
    query: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    simulated: bool = False
    zone: str = TOWN_ZONE
    form_token: str = ""
    signed_in: bool = False
    standing: Standing = ""
    look: Look = PLAIN
    look_version: str = ""
    person: Called | None = None
    signed: Called = NOBODY
    left_out: Sequence[Aside] = ()
    trail: Sequence[Step] = ()
    mode: Mode = "off"

    @property
    def is_light(self) -> bool:
        """Whether the page is to be light: in a disaster, for everybody who is not signed in."""
        return self.mode != "off" and not self.signed_in

    def with_query(self, **changes: str) -> str:
        """This page's address with some parameters changed."""
        wanted = {**self.query, **changes}
        return f"{self.path}?{urlencode(wanted)}" if wanted else self.path


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit, ready for eyes."""

    text: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.unit}".rstrip()


def figure(value: float | None, unit: str = "", digits: int | None = 2) -> Figure:
    """The number with so many decimals (None: as many as it needs, two at most); a dash where there is none."""
    if value is None:
        return Figure("—")
    return Figure(shown(value) if digits is None else f"{value:,.{digits}f}".replace("-", "−"), unit)


def render(name: str, language: Language, /, *, shell: Shell, **view: object) -> bytes:
    """The page `package/file.html` in a language, as UTF-8. An unknown name in a template is an error."""
    words = Words(language, name.partition("/")[0])

    def when(at: datetime) -> Moment:
        return moment(at, shell.now, words, shell.zone)

    page = _environment().get_template(name)
    body = page.render(
        t=words.rich,
        plain=words.plain,
        words=words,
        when=when,
        shell=shell,
        language=language,
        languages=LANGUAGES,
        html_lang=HTML_LANG[language],
        town=town_name(shell.town, language),
        fiscal=lambda year: fiscal(year, words),
        fiscal_span=lambda first, last: fiscal_span(first, last, words),
        day_told=lambda text: day_told(text, words),
        unit_text=lambda unit: unit_text(unit, words),
        **view,
    )
    return _with_token(body, shell.form_token).encode()


def _with_token(body: str, token: str) -> str:
    """Every form that changes something carries the token; put in here, so that no template can forget it."""
    if not token:
        return body
    hidden = str(Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token))
    return _POSTED.sub(lambda form: form.group() + hidden, body)


def allowing(page: Response, feature: str) -> Response:
    """The page, which may ask its reader for one thing of their machine that other pages may not (geolocation)."""
    held = PERMISSIONS_POLICY.replace(f"{feature}=()", f"{feature}=(self)").encode()
    page.headers = [(name, held if name.lower() == b"permissions-policy" else value) for name, value in page.headers]
    return page


def town_name(names: Mapping[str, str], language: Language) -> str:
    """The town's name in a language, else the Japanese one, else any."""
    return names.get(language) or names.get("ja") or next(iter(names.values()), "")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=asset_address, figure=figure, icon=icon, ruby=with_ruby, unruby=without_ruby)
    environment.filters["part"] = part_of_path
    return environment


def part_of_path(name: str) -> str:
    """A name as one part of an address, whatever stands in it: `urlencode` leaves a slash, which begins another."""
    return quote(name, safe=":")


def _source(name: str) -> str | None:
    package, _, file = name.partition("/")
    source = files(package or OWN).joinpath("templates", file)
    return source.read_text(encoding="utf-8") if source.is_file() else None


def icon(name: str, label: str = "") -> Markup:
    """A picture from our own sprite; without a label it is hidden from screen readers."""
    hidden = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    address = f"{asset_address('icons/sprite.svg')}#{name}"
    return Markup('<svg class="icon" {} focusable="false"><use href="{}"></use></svg>').format(hidden, address)
