"""What do the generated documents say? The map of the house and a page for each service."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from house import House, Module
from machinami.kit.manifest import DataUse, Manifest, Setting
from service_rules import SERVICES, manifests

MADE = "<!-- Made by tools/check.py --write from the tree itself; change the source, not this file. -->\n"
FLOORS = re.compile(r"^layers =\n((?: +.+\n)+)", re.MULTILINE)


def generate(house: House) -> Mapping[str, str]:
    """Return the text of every generated document by its path."""
    pages = {
        f"docs/services/{manifest.id}.md": service_page(manifest)
        for path, manifest in manifests(house)
        if path.startswith(SERVICES)
    }
    return {"docs/map.md": map_page(house), **pages}


def map_page(house: House) -> str:
    """Draw the map: the floors from the top down, and what question each module answers."""
    lines = [MADE, "# Map of the house", "", "A floor imports only floors below it.", ""]
    for floor in floors(house):
        names = [name.strip(" ()") for name in floor.split("|")]
        for name in names:
            lines += list(_floor(house, name))
    return "\n".join(lines).rstrip() + "\n"


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


def service_page(manifest: Manifest) -> str:
    """Write the page of one service from its manifest."""
    m = manifest
    parts = [
        MADE,
        f"# {m.title.ja} · {m.title.en} (`{m.id}` {m.version})\n",
        f"**{m.question.ja}** {m.question.en}\n" if m.question else "",
        f"{m.help.ja}\n\n{m.help.en}\n",
        f"Field: {m.field}. Owner: {m.owner}. Runs: {_occasion(m)}.",
        f"Needs: {', '.join(sorted(m.needs)) or 'nothing'}.\n",
        "## Data\n\n| | type | attributes |\n|---|---|---|",
        *_uses("reads", m.reads),
        *_uses("writes", m.writes),
        "\n## Settings\n",
        *(_settings(m) if m.settings else ["None."]),
        "\n## Personal data\n",
        *([f"- {p.data.type}: {p.purpose.ja} {p.purpose.en} ({p.legal})" for p in m.personal] or ["None."]),
        "\n## What it is judged by\n",
        *(
            [f"- {k.title.ja} · {k.title.en}: {k.level}, better {k.direction}: `{k.formula}`" for k in m.kpis]
            or ["None."]
        ),
        f"\n## Learned from\n\n{m.seed.city}: {m.seed.aim} ({m.seed.source})" if m.seed else "",
        "\n## Quality\n",
        *[f"- {q.tier}, {q.rule}: {q.state}{f' ({q.reason})' if q.reason else ''}" for q in m.quality],
    ]
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _uses(verb: str, uses: tuple[DataUse, ...]) -> Iterator[str]:
    for use in uses:
        yield f"| {verb} | {use.type} | {', '.join(use.attributes) or 'all'} |"


def _occasion(manifest: Manifest) -> str:
    when = [f"every {manifest.every}"] if manifest.every else []
    return ", ".join(when + [f"when {use.type} changes" for use in manifest.triggers]) or "when asked"


def _settings(manifest: Manifest) -> Iterator[str]:
    yield "| setting | default | unit | range | what it does |\n|---|---|---|---|---|"
    for setting in manifest.settings:
        ja, en = setting.help.ja, setting.help.en
        yield f"| {setting.name} | {setting.default} | {setting.unit} | {_range(setting)} | {ja} {en} |"


def _range(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(setting.choices)
    return "" if setting.minimum is None else f"{setting.minimum} to {setting.maximum}"
