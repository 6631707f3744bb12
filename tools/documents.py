"""What do the generated documents say? The map of the house, the interface, the errors, and a page for each service."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from api_document import api_page
from house import House, Module
from machinami.cli.service_document import MADE, service_document
from machinami.kit.problem import STATUS
from service_rules import SERVICES, manifests

FLOORS = re.compile(r"^layers =\n((?: +.+\n)+)", re.MULTILINE)


def generate(house: House) -> Mapping[str, str]:
    """Return the text of every generated document by its path."""
    pages = {
        f"docs/services/{manifest.id}.md": service_document(manifest)
        for path, manifest in manifests(house)
        if path.startswith(SERVICES)
    }
    return {"docs/map.md": map_page(house), "docs/api.md": api_page(), "docs/errors.md": errors_page(), **pages}


def errors_page() -> str:
    """List every error with the status and the type by which clients know it."""
    lines = [MADE, "# Errors", "", "Every error is told as problem details (RFC 7807): `type`, `title`, `status`,"]
    lines += ["`detail` (what is wrong, where, how to mend it) and the facts of the case as further members.", ""]
    lines += ["| status | type | what it means |", "|---|---|---|"]
    for kind, (status, name) in sorted(STATUS.items(), key=lambda row: (row[1], row[0].__name__)):
        meaning = (kind.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| {status} | `https://uri.etsi.org/ngsi-ld/errors/{name}` | {meaning} |")
    return "\n".join(lines) + "\n"


TESTS = (
    "## tests",
    "",
    "`tests/` mirrors `src/machinami/`. Apart from that:",
    "",
    "| folder | what it is for |",
    "|---|---|",
    "| [cases](../tests/cases) | requests and the answers expected of them, as text that needs no code to be read |",
    "| [fakes](../tests/fakes) | one stand-in for each port, and the towns that tests are shown |",
    "| [browser](../tests/browser) | the pages in a real browser |",
    "| [house](../tests/house) | whether the rules of the house hold, and the start from a clean checkout |",
)


def map_page(house: House) -> str:
    """Draw the map: the floors from the top down, and what question each module answers."""
    lines = [MADE, "# Map of the house", "", "A floor imports only floors below it.", ""]
    for floor in floors(house):
        names = [name.strip(" ()") for name in floor.split("|")]
        for name in names:
            lines += list(_floor(house, name))
    return "\n".join([*lines, *TESTS]).rstrip() + "\n"


def floors(house: House) -> list[str]:
    """Read the floors, top first, from the contract that holds them."""
    found = FLOORS.search(house.text(".importlinter"))
    return [line.strip() for line in found[1].splitlines()] if found else []


def _floor(house: House, name: str) -> Iterator[str]:
    root = f"src/machinami/{name}"
    modules = {m.path: m for m in house.modules}
    if f"{root}.py" in modules:
        yield f"## {name}\n"
        yield f"{_sentence(modules[f'{root}.py'])}\n"
    inside = [m for path, m in modules.items() if path.startswith(f"{root}/")]
    if not inside:
        return
    yield f"## {name}\n"
    if f"{root}/__init__.py" in modules:
        yield f"{_sentence(modules[f'{root}/__init__.py'])}\n"
    rows = [_row(m, root) for m in inside if m.path != f"{root}/__init__.py"]
    if rows:
        yield "| module | what it answers |\n|---|---|"
        yield from rows
        yield ""


def _row(module: Module, root: str) -> str:
    path = PurePosixPath(module.path).relative_to(root)
    name = f"{path.parent}/" if path.name == "__init__.py" else str(path.with_suffix(""))
    return f"| [{name}](../{module.path}) | {_sentence(module)} |"


def _sentence(module: Module) -> str:
    paragraph = " ".join((ast.get_docstring(module.tree) or "").split("\n\n")[0].split())
    return paragraph.replace("|", "\\|")
