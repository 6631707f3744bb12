"""Are the papers in order: dependencies told and locked, documents fresh, nothing of one machine in them?"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator

from documents import generate
from house import Finding, House, Module

# Modules whose distribution has another name, or comes with one that is declared.
DISTRIBUTIONS = {
    "apsw": "apsw-sqlite3mc",
    "markupsafe": "jinja2",
    "argon2": "argon2-cffi",
    "paho": "aiomqtt",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
}
OWN = {*sys.stdlib_module_names, "machinami"}
DEPENDENCIES = "docs/dependencies.md"
REQUIREMENTS = "docs/asvs.md"
_STATES = ("met", "not applicable", "not met")
_SUMS = re.compile(r"\d+ met, \d+ not applicable, \d+ not met\.")
_REQUIREMENT = re.compile(r"\| \d+\.\d+\.\d+ \|")
_TEST = re.compile(r"`(tests/[\w/.]+)::(\w+)`")
_DOCUMENT = re.compile(r"\]\(([\w/.-]+\.md)\)")
FRONT_END = "src/machinami/kit/static/package.json"
# Put together from parts, so that this file does not find itself.
HOSTS = ("py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js.org", "registry.yarn" + "pkg.com")
MACHINE_PATH = re.compile(
    r"(?<![\w.~>/*}-])/(?:" + "|".join(("ho" + "me", "ro" + "ot", "wo" + "rk", "Us" + "ers")) + r")/\w"
)
TEXTS = (
    ".py",
    ".md",
    ".toml",
    ".json",
    ".lock",
    ".cfg",
    ".ini",
    ".sh",
    ".cmd",
    ".html",
    ".css",
    ".js",
    ".sql",
    ".txt",
    ".tmpl",
    "",
)


def dependencies(house: House) -> Iterator[tuple[str, str]]:
    """Yield each declared dependency, normalised, with the file that declares it."""
    project = tomllib.loads(house.text("pyproject.toml") or "[project]")
    about = project.get("project", {})
    asked = [*about.get("dependencies", []), *project.get("build-system", {}).get("requires", [])]
    for extra in about.get("optional-dependencies", {}).values():
        asked += extra
    for line in asked:
        yield _normal(re.split(r"[\s\[<>=!~;]", line, maxsplit=1)[0]), "pyproject.toml"
    front_end = json.loads(house.text(FRONT_END) or "{}")
    for name in front_end.get("dependencies", {}):
        yield name, FRONT_END


def dependency_declared(house: House) -> Iterator[Finding]:
    """What the product imports is declared in pyproject.toml."""
    declared = {name for name, _ in dependencies(house)}
    for module in house.code:
        if not module.path.startswith("src/"):
            continue
        for line, name in _imported(module):
            if name not in OWN and _normal(DISTRIBUTIONS.get(name, name)) not in declared:
                cure = "add its distribution to pyproject.toml, the locks and docs/dependencies.md, or do without"
                yield Finding(module.path, line, f"imports {name}, which pyproject.toml does not name", cure)


def _imported(module: Module) -> Iterator[tuple[int, str]]:
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.partition(".")[0]


def dependency_told(house: House) -> Iterator[Finding]:
    """Every dependency has a line that says why it is here."""
    told = set(re.findall(r"^\| `([^`]+)`", house.text(DEPENDENCIES), re.MULTILINE))
    for name, file in dependencies(house):
        if name not in told:
            cure = f"add a row | `{name}` | … to {DEPENDENCIES}: what for, why this one, licence, what it pulls in"
            yield Finding(file, 1, f"nothing says why {name} is here", cure)


def dependency_locked(house: House) -> Iterator[Finding]:
    """Every dependency is locked by hash."""
    locks = "".join(house.text(name) for name in house.files if name.endswith(".lock"))
    locked = set(re.findall(r"^([a-z0-9][a-z0-9.-]*)==", locks, re.MULTILINE))
    locked |= set(re.findall(r'"node_modules/([^"]+)"', house.text(FRONT_END.replace(".json", "-lock.json"))))
    for name, file in dependencies(house):
        if name not in locked:
            yield Finding(file, 1, f"{name} is in no lock", "run tools/renew_locks.py, or npm for the front end")


def foreign_name(house: House) -> Iterator[Finding]:
    """No file names a package registry's host or a path of one machine."""
    for name in house.files:
        if not name.endswith(TEXTS[:-1]) and "." in name.rpartition("/")[2]:
            continue
        for number, line in enumerate(_lines(house, name), start=1):
            if any(host in line for host in HOSTS):
                yield Finding(name, number, "names a package registry's host", "leave the choice to who installs")
            if found := MACHINE_PATH.search(line):
                what = f"names a path of one machine ({found[0]}…)"
                yield Finding(name, number, what, "take it from an argument, a setting or the environment")


def shown_requirements(house: House) -> Iterator[Finding]:
    """Every requirement that is said to be met names a test, or a document, that is there; the sums are right."""
    counted, said = dict.fromkeys(_STATES, 0), ""
    for number, line in enumerate(house.text(REQUIREMENTS).splitlines(), 1):
        said = line if _SUMS.fullmatch(line) else said
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not _REQUIREMENT.match(line):
            continue
        state, shown = cells[3].strip("*"), cells[-1]
        counted[state] = counted.get(state, 0) + 1
        named = [*_TEST.findall(shown), *((found, "") for found in _DOCUMENT.findall(shown))]
        gone = [f"{path}::{name}" for path, name in named if name and f"def {name}(" not in house.text(path)]
        gone += [path for path, name in named if not name and not house.text(f"docs/{path}")]
        if gone or not shown or (state == "met" and not named):
            what = f"{cells[0]} is shown by {', '.join(gone) or 'nothing'}, which is not there"
            yield Finding(REQUIREMENTS, number, what, "name what shows it, or say that it is not met")
    sums = "{} met, {} not applicable, {} not met.".format(*(counted[state] for state in _STATES))
    if house.text(REQUIREMENTS) and said != sums:
        yield Finding(REQUIREMENTS, 1, "the sums are not those of the rows", f"write: {sums}")


def fresh_documents(house: House) -> Iterator[Finding]:
    """Generated documents say what the tree says."""
    for name, text in generate(house).items():
        if house.text(name) != text:
            yield Finding(name, 1, "is not what the tree says now", "run tools/check.py --write")


def _lines(house: House, name: str) -> list[str]:
    return (house.root / name).read_bytes().decode("utf-8", errors="replace").splitlines()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
