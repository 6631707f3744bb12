"""Does every page and file of every service hold, whatever stands in the entities of the types that it knows, its own
ones too? Other programs write them. What does not fit is left out and said so, and the rest is shown."""

import asyncio
import csv
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path
from pkgutil import iter_modules
from random import Random
from typing import Any, get_args, get_type_hints
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import Phase, given, settings
from tests.services import malformed
from tests.services.visiting import START, Visit, visited

from machinami import services
from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.foundation.errors import MachinamiError
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.http import Route
from machinami.kit.installed import load, read_manifest
from machinami.kit.words import Words as Told
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.expansion import expand_entity
from machinami.model.view import Measured, Point, Ref, Words

SERVICES = [f"machinami.services.{module.name}" for module in iter_modules(services.__path__)]
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


CONTEXT = town_context()
READERS = (*VIEWS, "stuck", "concept")
ASKED = ("work", "edit", "id", "case", "need", "plan", "version", "year", "from", "to", "key", "q", "part", "only")
KINDS: dict[str, Callable[[bytes], Any]] = {
    "text/html": bytes.decode,
    "text/javascript": bytes.decode,
    "text/plain": bytes.decode,
    "application/ssml+xml": ElementTree.fromstring,
    "text/csv": lambda body: list(csv.reader(StringIO(body.decode("utf-8-sig")))),
    "application/json": orjson.loads,
    "application/problem+json": orjson.loads,
    "application/atom+xml": ElementTree.fromstring,
    "application/cap+xml": ElementTree.fromstring,
    "application/pdf": lambda body: body.index(b"%PDF-"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": lambda body: body.index(b"PK"),
}


def faces(package: str) -> Callable[[City, Desk], list[Route]]:
    """The routes of all that a service shows: its pages, and its answers to programs."""
    service = load(package)
    return lambda city, desk: [
        route for face in (service.page, service.api) if face is not None for route in face.routes(city, desk)
    ]


async def put(visit: Visit, documents: list[malformed.Document]) -> None:
    """Write what the door takes of these documents, and what a client of NGSIv2 may say besides: null."""
    taken: list[tuple[Entity, list[str]]] = []
    for document in documents:
        try:
            taken.append((expand_entity(document, CONTEXT), []))
        except MachinamiError:  # refused at the door
            continue
    emptied = Entity("urn:x:null", (CONTEXT.expand(documents[0]["type"]),), {
        CONTEXT.expand(name): (Attribute(Kind.PROPERTY, None),) for name in documents[0] if name not in ("id", "type")
    })  # fmt: skip
    await batch.put_all(visit.town, [*taken, (emptied, [])], visit.by)


async def answered(visit: Visit, path: str) -> int:
    """The status of an address, whose answer must be whole, and no fault of ours."""
    status, kind, body = await visit.fetch(path)
    assert status < 500, (path, body.decode()[:2_000])
    if status == 200:
        KINDS[kind](body)
    return status


def addresses(route: Route, by: Random) -> Iterator[str]:
    """A route with something in its places, and with what its pages may be asked."""
    for entity_id in (f"{by.randrange(malformed.MANY)}", by.choice(POINTED)):
        path = re.sub(r"\{(id|name|key)\}", entity_id, route.path)
        yield path
        asked = f"{by.choice(ASKED)}={by.choice((entity_id, '2026', 'x', ''))}"
        yield f"{path}?{asked}&lang={by.choice(('ja', 'en', 'easy'))}"


async def look_everywhere(package: str, documents: list[malformed.Document], by: Random, folder: Path) -> None:
    """Run the service and visit all that it shows of a town in which these documents stand."""
    service, address = load(package), f"/services/{package.rpartition('.')[2]}"
    async with visited(package, folder, faces(package), address) as visit:
        await put(visit, documents)
        await service.refresh(visit.city, visit.now)
        if hasattr(service.page, "happening"):
            await service.page.happening(visit.city, Told("ja", package))
        for view in READERS:
            assert await answered(visit, f"{address}?view={view}&lang={by.choice(('ja', 'en'))}") == 200
        for route in faces(package)(visit.city, visit.desk):
            if route.method == "GET":
                for path in addresses(route, by):
                    await answered(visit, path)


@pytest.mark.parametrize("package", SERVICES)
def test_no_page_and_no_file_breaks_on_what_a_client_wrote(package: str) -> None:
    malformed.views_of(package)  # loaded before anything is drawn, so that examples hang on nothing else

    @settings(max_examples=2, phases=(Phase.generate,))  # each is a whole town: shrinking would take minutes
    @given(malformed.towns(package))
    def look(documents: list[malformed.Document]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(look_everywhere(package, documents, Random(repr(documents)), Path(folder)))

    look()
