"""Releases for the tests of delivery: they run this checkout, with another form of the store or a fault."""

import base64
import ensurepip
import hashlib
import site
import sys
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from machinami.app.delivery.making import write_bundle

ROOT = Path(__file__).resolve().parents[3]
MADE = datetime(2026, 4, 1, tzinfo=UTC)
PLAIN = ""
LATER_FORM = """
from machinami.store.sqlite import connection
known = connection.migrations
def migrations():
    return [*known(), "CREATE TABLE later (text TEXT)"]
import machinami.store.sqlite.backend as backend
backend.migrations = migrations
"""
BROKEN_STEP = LATER_FORM.replace("CREATE TABLE later (text TEXT)", "INSERT INTO nowhere VALUES (1)")
LOSES_ENTITIES = LATER_FORM.replace("CREATE TABLE later (text TEXT)", "DELETE FROM log")
DOES_NOT_START = """
from machinami.app.running import TownOS
async def start(self, quiet=False):
    raise OSError("no start today")
TownOS.start = start
"""


def wheel(folder: Path, version: str, change: str = PLAIN) -> Path:
    """A wheel whose command is that of this checkout, changed by these lines."""
    libraries = [str(ROOT / "src"), *site.getsitepackages()]
    launch = f"import sys\n{change}\nfrom machinami.__main__ import main\n"
    members = {
        "machinami_release.py": launch,
        "machinami_release.pth": "\n".join(libraries) + "\n",
        f"machinami_release-{version}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: machinami-release\nVersion: {version}\n"
        ),
        f"machinami_release-{version}.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"machinami_release-{version}.dist-info/entry_points.txt": (
            "[console_scripts]\nmachinami = machinami_release:main\n"
        ),
    }
    record = f"machinami_release-{version}.dist-info/RECORD"
    path = folder / f"machinami_release-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        rows = []
        for name, text in members.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={digest},{len(text.encode())}\n")
        archive.writestr(record, "".join(rows) + f"{record},,\n")
    return path


def bundle(folder: Path, key: Ed25519PrivateKey, version: str, change: str = PLAIN, made: datetime = MADE) -> Path:
    """A bundle of such a wheel, and of the pip that Python brings along."""
    wheels = folder / f"wheels-{version}"
    wheels.mkdir(exist_ok=True)
    pip = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    target = folder / f"machinami-{version}.pyz"
    write_bundle(target, [wheel(wheels, version, change), pip], key, version, made)
    return target


def python() -> str:
    """The plain Python of this machine, which knows nothing of machinami."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


def words(*parts: object) -> Sequence[str]:
    """The words of a command."""
    return [str(part) for part in parts]
