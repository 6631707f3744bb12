"""Which services does this town have, and what does each one do?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from importlib.resources import files
from itertools import groupby
from typing import Any

import orjson

from machinami.kit.circle import place
from machinami.kit.installed import Broken, Service
from machinami.kit.manifest import ANY_TYPE
from machinami.kit.switches import Switches
from machinami.kit.words import Words
from machinami.model.vocabulary.switches import TownService

TEMPLATE = "machinami.portal/services.html"
ABOUT = "machinami.portal/about.html"
HELP = "machinami.portal/help.html"
BROWSER_PARTS = (
    ("MapLibre GL JS", "maplibre-gl", "BSD-3-Clause"),
    ("uPlot", "uplot", "MIT"),
    ("htmx", "htmx.org", "0BSD"),
    ("Noto Sans JP", "@fontsource-variable/noto-sans-jp", "OFL-1.1"),
)
PYTHON_PARTS = (
    "aiohttp", "aiomqtt", "apsw-sqlite3mc", "argon2-cffi", "cryptography", "httptools", "jinja2", "joserfc", "lightgbm",
    "numpy", "orjson", "reportlab", "scikit-learn", "scipy", "segno", "shapely", "tzdata", "uvicorn", "uvloop",
    "webauthn", "xlsxwriter",
)  # fmt: skip


MANAGEMENT = "management"
ANY_LABEL = "any"
RESIDENTS = (
    ("participation", "people", "/services/participation"),
    ("plan", "print", "/services/plan"),
    ("assembly", "signal", "/services/assembly"),
    ("my_data", "lock", "/my-data"),
)
OFFICE = (
    ("guide", "link", "/services/guide"),
    ("pilots", "check", "/services/pilots?view=officer"),
    ("assembly_one", "print", "/services/assembly?view=assembly"),
    ("indicators", "signal", "/services/indicators"),
)
TURNING = (("disaster", "caution", "/disaster"),)
ADMINISTERING = (
    ("operations", "check", "/operations"),
    ("policy", "lock", "/policy"),
    ("people", "people", "/people"),
)
_RUNS_AS = {"assembly_one": "assembly"}


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """One service in the directory. broken: why it does not run; id: "" where it cannot be turned on or off; said: who
    turned it on or off last, for those who may do so too."""

    title: str
    question: str
    field: str
    owner: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    link: str
    broken: str = ""
    id: str = ""
    said: TownService | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """The services of one field, under its name."""

    name: str
    cards: tuple[ServiceCard, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A way from the home page to what matters. name: as the words know it."""

    name: str
    picture: str
    link: str


@dataclass(frozen=True, slots=True)
class Ways:
    """Where residents go from the home page, and where those go who decide and write for the town."""

    residents: tuple[Way, ...]
    office: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class PartRow:
    """One piece of software in use."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting of the installation: where it stands in machinami.toml, and what it is now."""

    section: str
    name: str
    text: str


def directory(
    services: Iterable[Service], broken: Iterable[Broken], words: Words, switches: Switches | None = None
) -> list[Field]:
    """The directory, field by field, the town's services before its management, which stands in the order of its
    circle; what is broken is said at its end. switches: how the services stand, for who may turn them on and off."""
    ordered = sorted(
        services, key=lambda one: (one.manifest.field == MANAGEMENT, one.manifest.field, place(one.manifest.id))
    )
    fields = [
        Field(
            words.plain(name) if words.has(name := f"field.{field}") else field,
            tuple(switchable(found, words, switches)),
        )
        for field, found in groupby(ordered, key=lambda one: one.manifest.field)
    ]
    bad = tuple(ServiceCard(one.package, "", "", "", (), (), "", one.reason) for one in broken)
    return [*fields, Field("", bad)] if bad else fields


def switchable(services: Iterable[Service], words: Words, switches: Switches | None) -> list[ServiceCard]:
    """Services of a town as cards that can be turned on or off. switches: how they stand, None for who may not turn."""
    cards = [(one.manifest.id, _card(one, words)) for one in services]
    if switches is None:
        return [card for _, card in cards]
    return [replace(card, id=name, said=switches.said(name)) for name, card in cards]


def ways(running: Collection[str]) -> Ways | None:
    """The ways that lead somewhere in a town where these services run; None where there is no service of the circle."""

    def open_ways(rows: Iterable[tuple[str, str, str]]) -> tuple[Way, ...]:
        return tuple(Way(*row) for row in rows if _RUNS_AS.get(row[0], row[0]) in (*running, "my_data"))

    found = Ways(open_ways(RESIDENTS), open_ways(OFFICE))
    return found if len(found.residents) > 1 or found.office else None


def upkeep(turns: bool, administers: bool) -> tuple[Way, ...]:
    """The ways of who keeps the town going. turns: may turn the disaster mode; administers: may change the policy."""
    rows = (*(TURNING if turns else ()), *(ADMINISTERING if administers else ()))
    return tuple(Way(*row) for row in rows)


def parts(version: str, *, versions: bool = True) -> list[PartRow]:
    """What this town runs on, as installed; `version` is our own. versions: whether they are told, too."""
    rows = [row for name in PYTHON_PARTS if (row := _installed(name))]
    ours = PartRow("Machinami", version, "Apache-2.0")
    pinned = orjson.loads(files("machinami.kit").joinpath("static", "package.json").read_bytes())["dependencies"]
    listed = [ours, *rows, *(PartRow(name, pinned[package], licence) for name, package, licence in BROWSER_PARTS)]
    return listed if versions else [replace(row, version="") for row in listed]


def settings(set_to: Mapping[str, Any], words: Words) -> list[SettingRow]:
    """What the installation is set to, as text."""
    rows = []
    for key, value in set_to.items():
        section, _, name = key.partition(".")
        rows.append(SettingRow(section, name, _told(value, words)))
    return rows


def _told(value: object, words: Words) -> str:
    if isinstance(value, Mapping):
        return str(value.get(words.language) or value.get("ja", ""))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    return f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)


def _said_field(field: str, words: Words) -> str:
    return words.plain(name) if words.has(name := f"field.{field}") else field


def _card(service: Service, words: Words) -> ServiceCard:
    manifest, language = service.manifest, words.language

    def labels(names: Iterable[str]) -> tuple[str, ...]:
        said = (ANY_LABEL if name == ANY_TYPE else name for name in names)
        return tuple(words.plain(f"type.{name}") if words.has(f"type.{name}") else name for name in said)

    return ServiceCard(
        manifest.title.spoken(language),
        (manifest.question or manifest.help).spoken(language),
        _said_field(manifest.field, words),
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
    return PartRow(known["Name"], known["Version"], _licence(known))


def _licence(known: PackageMetadata) -> str:
    """The licence in a few words: as an SPDX expression, else as the index classes it, else as it calls itself."""
    if "License-Expression" in known:
        return known["License-Expression"]
    classes = [text for text in known.get_all("Classifier") or [] if text.startswith("License ::")]
    return ", ".join(text.rpartition(":: ")[2] for text in classes) or (known.get_all("License") or [""])[0]
