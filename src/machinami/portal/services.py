"""Which services does this town have, and what does each one do?"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata

from machinami.kit.installed import Broken, Service
from machinami.kit.words import Words

TEMPLATE = "machinami.portal/services.html"
ABOUT = "machinami.portal/about.html"
HELP = "machinami.portal/help.html"
BROWSER_PARTS = (
    ("MapLibre GL JS", "BSD-3-Clause"),
    ("uPlot", "MIT"),
    ("htmx", "0BSD"),
    ("Noto Sans JP", "OFL-1.1"),
)
PYTHON_PARTS = (
    "aiohttp", "aiomqtt", "apsw", "httptools", "jinja2", "lightgbm", "numpy", "orjson", "scikit-learn",
    "scipy", "uvicorn", "uvloop",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """One service in the directory. `broken`: why it does not run."""

    title: str
    question: str
    field: str
    owner: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    link: str
    broken: str = ""


@dataclass(frozen=True, slots=True)
class PartRow:
    """One piece of software in use."""

    name: str
    version: str
    licence: str


def directory(services: Iterable[Service], broken: Iterable[Broken], words: Words) -> list[ServiceCard]:
    """The directory; what is broken is said at its end."""
    return [_card(service, words) for service in services] + [
        ServiceCard(bad.package, "", "", "", (), (), "", bad.reason) for bad in broken
    ]


def parts(version: str) -> list[PartRow]:
    """What this town runs on, as installed; `version` is our own."""
    rows = [row for name in PYTHON_PARTS if (row := _installed(name))]
    ours = PartRow("Machinami", version, "Apache-2.0")
    return [ours, *rows] + [PartRow(name, "", licence) for name, licence in BROWSER_PARTS]


def _card(service: Service, words: Words) -> ServiceCard:
    manifest, language = service.manifest, words.language

    def labels(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(words.plain(f"type.{name}") if words.has(f"type.{name}") else name for name in names)

    return ServiceCard(
        manifest.title.spoken(language),
        (manifest.question or manifest.help).spoken(language),
        manifest.field,
        manifest.owner,
        labels(use.type for use in manifest.reads),
        labels(use.type for use in manifest.writes),
        f"/services/{manifest.id}" if service.page else "",
    )


def _installed(name: str) -> PartRow | None:
    try:
        known = metadata(name)
    except PackageNotFoundError:
        return None
    licence = next((known[field] for field in ("License-Expression", "License") if field in known), "")
    return PartRow(known["Name"], known["Version"], licence.splitlines()[0][:60] if licence else "")
