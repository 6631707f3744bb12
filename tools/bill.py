"""Of what is the product made? A bill of materials (CycloneDX 1.6, JSON) from the lock files.

`python tools/bill.py` prints it, `--output FILE` writes it. Python packages are those of requirements.lock, the
browser's those of package-lock.json; each has its version, digests and licence, as far as the environment knows it.
"""

import argparse
import base64
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON, BROWSER = "requirements.lock", "src/machinami/kit/static/package-lock.json"
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)([^\n]*(?:\n[ \t]+[^\n]*)*)", re.MULTILINE)
_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_FORBIDDEN = re.compile(
    r"(?<![A-Za-z])(A?GPL|GNU (Affero )?General Public|SSPL|Server Side Public|BUSL|Business Source)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """One package: where it is from (pypi, npm), its name and version, its digests by algorithm, its licence."""

    origin: str
    name: str
    version: str
    digests: Sequence[tuple[str, str]] = ()
    licence: str = ""
    classes: Sequence[str] = field(default=())

    @property
    def purl(self) -> str:
        """Its address among packages (package-url)."""
        return f"pkg:{self.origin}/{self.name.replace('@', '%40')}@{self.version}"


def python_parts(lock: str) -> Iterator[Part]:
    """The packages that a lock of pip pins."""
    for name, version, rest in _PIN.findall(lock):
        licence, classes = _licence(name)
        yield Part("pypi", name, version, [("SHA-256", one) for one in _DIGEST.findall(rest)], licence, classes)


def browser_parts(lock: str) -> Iterator[Part]:
    """The packages that a lock of npm pins."""
    for path, row in json.loads(lock)["packages"].items():
        if path:
            kind, _, digest = row.get("integrity", "").partition("-")
            digests = [(kind.upper().replace("SHA", "SHA-"), base64.b64decode(digest).hex())] if digest else []
            yield Part("npm", path.rpartition("node_modules/")[2], row["version"], digests, row.get("license", ""))


def is_forbidden(part: Part) -> bool:
    """Whether a part may not be in the product: every licence that it can be had under asks too much of a town."""
    choices = re.split(r"\bOR\b", part.licence) if part.licence else list(part.classes)
    return bool(choices) and all(_FORBIDDEN.search(one) for one in choices)


def bill(root: Path = ROOT) -> dict[str, Any]:
    """The bill of a checkout."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    locks = [(root / name).read_text("utf-8") for name in (PYTHON, BROWSER)]
    parts = sorted({part.purl: part for part in (*python_parts(locks[0]), *browser_parts(locks[1]))}.items())
    own = f"pkg:pypi/{project['name']}@{project['version']}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, own + ''.join(locks))}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "purl": own,
                "licenses": [{"expression": project["license"]}],
            }
        },
        "components": [_component(part) for _, part in parts],
        "dependencies": [{"ref": own, "dependsOn": [purl for purl, _ in parts]}],
    }


def _component(part: Part) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "library", "bom-ref": part.purl, "name": part.name, "version": part.version}
    found["purl"] = part.purl
    # Of one package there are several files, for different machines: the digests name them all.
    if part.digests:
        found["hashes"] = [{"alg": kind, "content": digest} for kind, digest in part.digests]
    licence = part.licence or ", ".join(part.classes)
    if licence:
        found["licenses"] = [{"license": {"name": licence}}]
    return found


def _licence(name: str) -> tuple[str, Sequence[str]]:
    """What an installed package says of its licence: in words, and as its index classes it."""
    try:
        known = metadata(name)
    except PackageNotFoundError:
        return "", ()
    classes = [text.rpartition(":: ")[2] for text in known.get_all("Classifier") or [] if text.startswith("License")]
    said = (known["License-Expression"] or known["License"] or "").strip()
    return ("" if "\n" in said else said), classes


def main(argv: Sequence[str] | None = None) -> int:
    """Write the bill."""
    parser = argparse.ArgumentParser(description="Write the bill of materials of the product.")
    parser.add_argument("--output", type=Path, help="the file to be written; without it, it is printed")
    output = parser.parse_args(argv).output
    text = json.dumps(bill(), indent=1, ensure_ascii=False) + "\n"
    if output is None:
        print(text, end="")
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, "utf-8")
        print(f"{output}: {text.count('bom-ref') - 1} parts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
