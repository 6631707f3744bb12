"""Does the page of every service hold, whatever stands in the entities that it reads? Other programs write them too."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from random import Random
from typing import Any, get_args, get_type_hints

import pytest
from tests.services.visiting import START, visited

from machinami.kit.installed import read_manifest
from machinami.model.view import Measured, Point, Ref, Words

SERVICES = sorted(point.value for point in entry_points(group="machinami.services"))
VIEWS = ("resident", "officer", "history", "assembly")
TEXTS = ("", "planned", "yes", "2026-01-01", "2026-13-41", "x" * 300, "<b>&", "ja", "川", "urn:ngsi-ld:X:1")
NAMES = ("ja", "en", "kind", "low", "name", "role", "stage", "from", "to", "is", "value", "at", "met", "goals")
POINTED = ("urn:ngsi-ld:Pilot:0", "urn:ngsi-ld:Initiative:1", "urn:ngsi-ld:KeyPerformanceIndicator:0", "urn:x:gone")
VOCABULARY = "machinami.model.vocabulary"
NUMBERS = (0, 1, -1, 2026, 1e18, 0.5)


def value(by: Random, deep: int = 2) -> Any:
    """Any JSON that an entity may hold."""
    kind = by.randrange(6 if deep else 4)
    if kind == 4:
        return [value(by, deep - 1) for _ in range(by.randrange(3))]
    if kind == 5:
        return {by.choice(NAMES): value(by, deep - 1) for _ in range(by.randrange(4))}
    return (by.choice(TEXTS), by.choice(NUMBERS), by.choice((True, False)), by.choice(TEXTS))[kind]


def fitting(kind: Any, by: Random) -> Any:
    """A value that a field of this type takes, whatever it says."""
    options = [one for one in get_args(kind) if one is not type(None)]
    plain = options[0] if options and type(None) in get_args(kind) else kind
    plain = getattr(plain, "__origin__", None) or plain
    made: dict[Any, Callable[[], Any]] = {
        str: lambda: by.choice(TEXTS),
        int: lambda: int(by.choice(NUMBERS)),
        float: lambda: float(by.choice(NUMBERS)),
        bool: lambda: by.random() < 0.5,
        datetime: lambda: START - timedelta(days=by.randrange(900)),
        Words: lambda: Words({tag: by.choice(TEXTS) for tag in by.sample(("ja", "en", "fr"), by.randrange(1, 3))}),
        Ref: lambda: Ref(by.choice(POINTED)),
        dict: lambda: {by.choice(NAMES): value(by) for _ in range(by.randrange(5))},
        list: lambda: [value(by) for _ in range(by.randrange(4))],
        tuple: lambda: tuple(value(by) for _ in range(by.randrange(4))),
        Measured: lambda: Measured(float(by.choice(NUMBERS)), START, by.choice((None, "MTR"))),
        Point: lambda: Point(138.2, 34.9),
    }
    return made[plain]() if plain in made else None


def views_of(package: str) -> list[type[Any]]:
    """The views by which a service sees what it reads and does not write itself."""
    manifest = read_manifest(package)
    types = {use.type for use in manifest.reads} - {use.type for use in manifest.writes}
    near = [module for name, module in sorted(sys.modules.items()) if name.startswith((package, VOCABULARY))]
    found = {id(view): view for module in near for view in vars(module).values() if isinstance(view, type)}
    return [view for view in found.values() if getattr(view, "TYPE", None) in types and is_dataclass(view)]


def entities(package: str, by: Random) -> Iterator[Any]:
    """Some of every type, each as a service sees it, with whatever in it."""
    for view in views_of(package):
        hints = get_type_hints(view)
        for number in range(3):
            names = [field.name for field in fields(view) if field.name != "id" and by.random() < 0.85]
            said = {name: fitting(hints[name], by) for name in names}
            try:
                yield view(f"urn:ngsi-ld:{view.TYPE}:{number}", **said)
            except (TypeError, ValueError):  # a view that holds more than what entities say
                continue


@pytest.mark.parametrize("package", SERVICES)
@pytest.mark.parametrize("seed", range(3))
async def test_no_page_breaks_on_what_others_wrote(package: str, seed: int, tmp_path: Path) -> None:
    page = import_module(f"{package}.page")
    import_module(f"{VOCABULARY}.circle")
    address = f"/services/{package.rpartition('.')[2]}"
    async with visited(package, tmp_path, page.routes, address) as visit:
        await visit.put(*entities(package, Random(seed)))
        for view in VIEWS:
            for language in ("ja", "en"):
                assert "</html>" in await visit.see(f"?view={view}&lang={language}")
