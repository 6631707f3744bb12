"""Which services are installed in this environment, ours or a vendor's?

A service is a package named by an entry point of the group `machinami.services`. Nothing of it is imported before
its manifest has been read; one that cannot be read is set aside with its reason and stops nobody.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module, invalidate_caches
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from machinami.foundation.errors import InputError
from machinami.kit.city import City
from machinami.kit.manifest import Kind, Manifest
from machinami.kit.manifest_reading import parse

GROUP = "machinami.services"
Refresh = Callable[[City, datetime], Awaitable[None]]
Enrol = Callable[[City, str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """One installed service: its package, what it declares, and what it does.

    refresh runs by schedule and triggers; learn, where there is one, runs every `learn_every` in the background.
    page is the module that draws its pages, api the one that answers other systems; None where it has none.
    enrol, where there is one, has somebody take part who consented at a desk: the pseudonym by which the service knows
    them, and a key that is printed for them alone. Asked again, it is another key, and the one before opens nothing.
    """

    package: str
    manifest: Manifest
    refresh: Refresh
    learn: Refresh | None
    learn_every: timedelta
    page: Any
    api: Any = None
    enrol: Enrol | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A service that is installed but cannot be used, and why."""

    package: str
    reason: str


def read_manifest(package: str, kind: Kind = "service") -> Manifest:
    """The manifest of a package, of a service or of a source ("ingest"). Raises InputError naming the file."""
    file = files(package).joinpath("manifest.toml")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{package}: manifest.toml cannot be read ({error})") from error
    return parse(text, f"{package}/manifest.toml", kind)


def load(package: str) -> Service:
    """One service by the name of its package."""
    manifest = read_manifest(package)
    module = import_module(f"{package}.service")
    page, api = (import_module(f"{package}.{n}") if find_spec(f"{package}.{n}") else None for n in ("page", "api"))
    return Service(
        package,
        manifest,
        module.refresh,
        getattr(module, "learn", None),
        getattr(module, "LEARN_EVERY", timedelta(days=1)),
        page,
        api,
        getattr(module, "enrol", None),
    )


def findable() -> frozenset[str]:
    """The ids of the services that the environment has at this moment, whether they were loaded when the town started
    or came since. One whose manifest cannot be read is none."""
    invalidate_caches()
    found = set()
    for point in entry_points(group=GROUP):
        try:
            found.add(read_manifest(point.value).id)
        except Exception:  # a vendor's package may fail in any way; `installed` says how
            continue
    return frozenset(found)


def installed() -> tuple[Sequence[Service], Sequence[Broken]]:
    """Every installed service in order of its id, and those that are broken."""
    services: dict[str, Service] = {}
    broken: list[Broken] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.value):
        try:
            service = load(point.value)
            if service.manifest.id in services:
                raise InputError(f"two packages call their service {service.manifest.id!r}")
            services[service.manifest.id] = service
        except Exception as error:  # a vendor's package may fail in any way; the town starts without it
            broken.append(Broken(point.value, f"{type(error).__name__}: {error}"))
    return [services[name] for name in sorted(services)], broken
