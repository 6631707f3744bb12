"""Is every service whole: manifest, tests, page, and someone who writes what it reads?"""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from house import Finding, House
from machinami.app.configuration import setting_names
from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData
from machinami.kit.manifest import ANY_TYPE, Kind, Manifest
from machinami.kit.manifest_reading import examine
from machinami.kit.words import LANGUAGES, flatten
from machinami.model.context import Context
from machinami.services.indicators.logic.formula import (
    Arithmetic,
    Attribute,
    Elapsed,
    Negated,
    Term,
    aggregates,
    parse_formula,
)

SERVICES = "src/machinami/services"
INGEST = "src/machinami/ingest"
CONFIGURATION = "src/machinami/app/configuration.py"
CATALOGUES = "src/machinami/portal/texts"


def manifests(house: House) -> Iterator[tuple[str, Manifest]]:
    """Yield each manifest that can be read, of services and of sources, with its path."""
    for name in house.files:
        path = PurePosixPath(name)
        if path.name == "manifest.toml" and path.parent.parent.as_posix() in (SERVICES, INGEST):
            manifest, _ = examine(house.text(name), _kind(name))
            if manifest is not None:
                yield name, manifest


def manifest_present(house: House) -> Iterator[Finding]:
    """A service has a manifest."""
    for service in house.folders(SERVICES):
        path = f"{SERVICES}/{service}/manifest.toml"
        if path not in house.files:
            yield Finding(path, 1, f"the service {service} has no manifest", "see `machinami new-service`")


def manifest_complete(house: House) -> Iterator[Finding]:
    """A manifest has every key, and its id is its folder's name."""
    for name in house.files:
        path = PurePosixPath(name)
        if path.name != "manifest.toml" or not name.startswith("src/machinami/"):
            continue
        manifest, faults = examine(house.text(name), _kind(name))
        for fault in faults:
            line = _line_of(house.text(name), fault.key)
            yield Finding(name, line, fault.key, fault.cure)
        if manifest is not None and manifest.id and manifest.id != path.parent.name:
            what = f"id {manifest.id} in the folder {path.parent.name}"
            yield Finding(name, _line_of(house.text(name), "id"), what, "give both the same name")


def setting_titles(house: House) -> Iterator[Finding]:
    """Every setting of machinami.toml has a title in every language; `manifest_complete` sees to those of services."""
    if CONFIGURATION not in house.files:
        return
    for language in LANGUAGES:
        path = f"{CATALOGUES}/{language}.toml"
        titles = flatten(tomllib.loads(house.text(path)))
        for name in setting_names():
            if f"setting.{name}" not in titles:
                section, _, key = name.partition(".")
                yield Finding(path, 1, f"{name} has no title", f"write {key} under [setting.{section}]")


def service_parts(house: House) -> Iterator[Finding]:
    """A service has a model, a logic and a plot."""
    for service in house.folders(SERVICES):
        for part in ("model", "logic", "service"):
            path = f"{SERVICES}/{service}/{part}"
            if f"{path}.py" not in house.files and f"{path}/__init__.py" not in house.files:
                yield Finding(f"{path}.py", 1, f"the service {service} has no {part}", "see `machinami new-service`")


def service_tests(house: House) -> Iterator[Finding]:
    """A service has tests of its logic and of its plot."""
    for service in house.folders(SERVICES):
        for test in ("test_logic", "test_service"):
            within = f"tests/services/{service}/"
            if not any(name.startswith(within + test) for name in house.files):
                yield Finding(f"{within}{test}.py", 1, f"the service {service} has no {test}", "write it")


def service_docstring(house: House) -> Iterator[Finding]:
    """A service says in its __init__.py which question it answers."""
    for module in house.code:
        path = PurePosixPath(module.path)
        is_service = path.name == "__init__.py" and path.parent.parent.as_posix() == SERVICES
        if is_service and not module.docstring:
            cure = "open __init__.py with one paragraph: the question, for whom"
            yield Finding(module.path, 1, "the service says nothing of itself", cure)


def written_types(house: House) -> Iterator[Finding]:
    """A type that a service reads is written by a service or a source."""
    known = list(manifests(house))
    written = {use.type for _, manifest in known for use in manifest.writes} - {ANY_TYPE}
    for name, manifest in known:
        for use in (*manifest.reads, *manifest.triggers):
            if use.type and use.type != ANY_TYPE and use.type not in written:
                what = f"{manifest.id} reads {use.type}, which nobody writes"
                cure = "declare it under [[writes]] of what brings it: a service, or the simulated town (ingest/town)"
                yield Finding(name, _line_of(house.text(name), use.type), what, cure)


def counted_attributes(house: House) -> Iterator[Finding]:
    """The formula of a KPI can be read, and takes what a service or a source writes: else it never has a value."""
    known, context = list(manifests(house)), town_context()
    written: dict[str, set[str]] = {}
    for use in (use for _, manifest in known for use in manifest.writes):
        written.setdefault(use.type, set()).update(use.attributes)
    for name, manifest in known:
        for kpi in manifest.kpis:
            line = _line_of(house.text(name), kpi.formula)
            for what in _astray(kpi.formula, context, written) if kpi.formula else ():
                cure = "correct the formula, or declare it under [[writes]] of what brings it"
                yield Finding(name, line, f"the formula of {kpi.id}: {what}", cure)


def _astray(formula: str, context: Context, written: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Say what in a formula nobody writes; of a type that is written without naming attributes, any will do."""
    try:
        found = aggregates(parse_formula(formula, context))
    except BadRequestData as error:
        yield error.detail
        return
    for one in found:
        kind = context.compact(one.type)
        if kind not in written:
            yield f"nobody writes {kind}"
        for attribute in sorted(set(map(context.compact, _taken(one.value)))) if written.get(kind) else ():
            if ":" not in attribute and not attribute.startswith("@") and attribute not in written[kind]:
                yield f"nobody writes {attribute} of {kind}"


def _taken(term: Term | None) -> Iterator[str]:
    """The attributes of an entity that a term takes, expanded."""
    match term:
        case Attribute():
            yield term.path.names[0]
        case Elapsed():
            for end in (term.start, term.end):
                yield from _taken(end)
        case Arithmetic():
            yield from _taken(term.left)
            yield from _taken(term.right)
        case Negated():
            yield from _taken(term.of)


def _kind(path: str) -> Kind:
    return "ingest" if path.startswith(INGEST) else "service"


def _line_of(text: str, key: str) -> int:
    """Find the line that most likely holds a key, or its table; 1 where none does."""
    lines = text.splitlines()
    for part in (key, key.split("[")[0], key.rpartition(".")[2], key.split(".")[0]):
        for number, line in enumerate(lines, start=1):
            if part and part in line:
                return number
    return 1
