"""`machinami new-service`: how does a new service begin, running and tested, here or in a package of its own?"""

import argparse
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

from machinami.cli.guide import guide, program
from machinami.cli.service_document import service_document
from machinami.foundation.errors import AlreadyExists, InputError
from machinami.kit.manifest_reading import parse

SERVICES = PurePosixPath("src/machinami/services")
ENTRY_POINTS = '[project.entry-points."machinami.services"]'


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "new-service",
        help="begin a new service that runs and passes its tests / 新しいサービスをつくる",
        **guide("new-service"),
    )
    parser.add_argument("name", metavar="NAME", help="small letters, digits and _, such as bench_count")
    parser.add_argument("--outside", type=Path, metavar="DIR", help="make a package of its own in this folder")
    parser.add_argument("--root", type=Path, default=Path(), metavar="DIR", help="the checkout (default: here)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files, list them, and say what comes next."""
    for path in create(args.name, args.root, args.outside):
        print(path)
    if args.outside:
        print(f"次に / next:  pip install --editable {args.outside}  &&  cd {args.outside}  &&  pytest")
    else:
        note_down(args.root)
        print("次に / next:")
        print(f"  {program()} test tests/services/{args.name}")
        print(f"  {program()} demo".ljust(50), f"# 画面 its page: /services/{args.name}")
        print("  docs/new-service.md".ljust(50), "# ここから先 from here on: page, data, KPI, score")
    return 0


def note_down(root: Path) -> None:
    """Let the checkout's own checker renew the documents that name every module, and say what it finds."""
    checker = root / "tools/check.py"
    if checker.is_file():
        print("地図を新しくし、決まりを確かめます / Renewing the map, checking the rules of the house …", flush=True)
        subprocess.run([sys.executable, checker, "--write", "--root", root], check=False)


def create(name: str, root: Path, outside: Path | None) -> list[Path]:
    """Write a new service below `root`, or as a package of its own in the folder `outside`.

    Returns the files written. Raises InputError for a name that cannot be, AlreadyExists where a file would be
    overwritten; then nothing is written.
    """
    check_name(name, alone=outside is not None)
    if outside is None and not (root / SERVICES).is_dir():
        raise InputError(f"{root.resolve()} is no checkout of Machinami; go there, or add --outside DIR")
    base = root if outside is None else outside
    texts = plan_inside(name) if outside is None else plan_outside(name)
    for path in texts:
        if (base / path).exists():
            raise AlreadyExists(f"{base / path} is there already; choose another name or folder")
    if outside is None:
        project = root / "pyproject.toml"
        registered = register(project.read_text("utf-8"), name)
        project.write_text(registered, "utf-8")
    return [write(base / path, text) for path, text in texts.items()]


def check_name(name: str, alone: bool) -> None:
    """Raise InputError unless the name can be a folder, a Python package and an id at once."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or keyword.iskeyword(name):
        raise InputError(f"{name!r} cannot be a service's name; use small letters, digits and _, such as bench_count")
    if alone and (name in sys.stdlib_module_names or name == "machinami"):
        raise InputError(f"{name!r} would hide a package of that name; choose another")


def plan_inside(name: str) -> Mapping[PurePosixPath, str]:
    """Return the files of a service of this checkout by their paths."""
    words = vocabulary(name, f"machinami.services.{name}")
    package = fill("service", words)
    manifest = parse(package["manifest.toml"], f"{name}/manifest.toml")
    return {
        **{SERVICES / name / file: text for file, text in package.items()},
        **{PurePosixPath("tests/services", name, file): text for file, text in fill("tests", words).items()},
        PurePosixPath(f"docs/services/{name}.md"): service_document(manifest),
    }


def plan_outside(name: str) -> Mapping[PurePosixPath, str]:
    """Return the files of a package of its own by their paths."""
    words = vocabulary(name, name)
    top = {
        PurePosixPath(file.replace("gitignore", ".gitignore")): text for file, text in fill("outside", words).items()
    }
    return {
        **top,
        **{PurePosixPath("src", name, file): text for file, text in fill("service", words).items()},
        **{PurePosixPath("tests", file): text for file, text in fill("tests", words).items()},
    }


def vocabulary(name: str, package: str) -> Mapping[str, str]:
    """Return the words that stand in the templates for this service."""
    parts = name.split("_")
    return {
        "name": name,
        "package": package,
        "distribution": f"machinami-{name.replace('_', '-')}",
        "type": "".join(part.capitalize() for part in parts),
        "title": " ".join(parts).capitalize(),
        # ruff sets machinami apart from pytest where it is our own, and from the service where that is foreign
        "between": "" if package.startswith("machinami.") else "\n",
        "after": "\n" if package.startswith("machinami.") else "",
    }


def fill(folder: str, words: Mapping[str, str]) -> dict[str, str]:
    """Return every template of a folder, filled, by the name of the file it makes."""
    kept = files("machinami.cli").joinpath("templates", folder)
    return {name: Template(text).substitute(words) for name, text in sorted(templates(kept, ""))}


def templates(folder: Traversable, within: str) -> Iterator[tuple[str, str]]:
    """Yield the path of the file that each template makes, and the template's text."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from templates(entry, f"{within}{entry.name}/")
        elif entry.name.endswith(".tmpl"):
            yield within + entry.name.removesuffix(".tmpl"), entry.read_text("utf-8")


def register(project: str, name: str) -> str:
    """Add the service's entry point to the text of pyproject.toml, in its table, made where there is none."""
    line = f'{name} = "machinami.services.{name}"\n'
    if line in project:
        return project
    if f"{ENTRY_POINTS}\n" in project:
        return project.replace(f"{ENTRY_POINTS}\n", f"{ENTRY_POINTS}\n{line}", 1)
    return project.replace("\n[tool.", f"\n{ENTRY_POINTS}\n{line}\n[tool.", 1)


def write(path: Path, text: str) -> Path:
    """Write one file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path
