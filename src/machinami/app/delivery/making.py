"""How is a bundle made? With a network and a checkout: every part as the lock names it, and our own wheel."""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

import machinami
from machinami.app.delivery.bundle import MANIFEST, SIGNATURE, WHEELS, Bundle, read_bundle, this_platform, this_python
from machinami.app.delivery.installing import Say
from machinami.app.durable import write_whole
from machinami.foundation.errors import InputError
from machinami.foundation.instant import format_instant
from machinami.store.sqlite.connection import migrations

_PACKAGE = Path(machinami.__file__).parent
_CHECKOUT = _PACKAGE.parent.parent
_LOCK = "requirements.lock"
_MAIN = b"import sys\n\nfrom machinami.cli.install import main\n\nsys.exit(main())\n"
# What the installer consists of: modules that need nothing but Python.
_INSTALLER = (
    "__init__.py", "app/__init__.py", "app/durable.py", "app/delivery/__init__.py", "app/delivery/bundle.py",
    "app/delivery/installing.py", "app/delivery/launchers.py", "cli/__init__.py", "cli/install.py",
    "foundation/__init__.py", "foundation/ed25519.py", "foundation/errors.py",
)  # fmt: skip
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")


def make_key(file: Path) -> Ed25519PrivateKey:
    """A new key for signing bundles, in a file for the owner's eyes. Never in the place of another."""
    if file.exists():
        raise InputError(f"{file} is there already; name a file that is not, or sign with that one")
    key = Ed25519PrivateKey.generate()
    write_whole(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), secret=True)
    return key


def read_key(file: Path) -> Ed25519PrivateKey:
    """The key for signing in a file. Raises InputError."""
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except FileNotFoundError as error:
        raise InputError(f"There is no key {file}; make one with: machinami bundle --new-key {file}") from error
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"{file} holds no key for signing (PEM, Ed25519, without a password): {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{file} holds another kind of key; bundles are signed with Ed25519")
    return key


def make_bundle(target: Path, key: Ed25519PrivateKey, version: str, now: datetime, say: Say) -> Bundle:
    """Make a bundle for machines like this one. Raises InputError where this is none or a part is missing."""
    if not (_CHECKOUT / _LOCK).exists():
        raise InputError("A bundle is made from a checkout of machinami; this is none. Pass on its bundle")
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder)
        say("部品を集めています", "Collecting the parts (minutes, the first time)")
        _pip("download", "--only-binary", ":all:", "--require-hashes", "-r", str(_CHECKOUT / _LOCK), "-d", folder)
        _pip("download", "--only-binary", ":all:", "--no-deps", "pip", "-d", folder)
        say("製品をまとめています", "Building the product")
        _pip("wheel", "--no-deps", "--wheel-dir", folder, str(_CHECKOUT))
        write_bundle(target, sorted(wheels.glob("*.whl")), key, version, now)
    return read_bundle(target)


def write_bundle(target: Path, wheels: Sequence[Path], key: Ed25519PrivateKey, version: str, now: datetime) -> None:
    """Put wheels and the installer into one file, with what they are and a signature of it."""
    members = [("__main__.py", _MAIN), *_own(), *((WHEELS + one.name, one.read_bytes()) for one in wheels)]
    files = {name: hashlib.sha256(content).hexdigest() for name, content in members}
    facts = {"version": version, "made": format_instant(now), "python": this_python(), "platform": this_platform()}
    told = json.dumps({**facts, "form": len(migrations()), "files": files}, indent=1).encode()
    shown = {"key": key.public_key().public_bytes_raw(), "signature": key.sign(told)}
    signed = json.dumps({name: base64.b64encode(value).decode() for name, value in shown.items()}).encode()
    made = target.with_name(target.name + ".new")
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in [*members, (MANIFEST, told), (SIGNATURE, signed)]:
            kind = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED  # wheels are packed already
            archive.writestr(name, content, kind)
    made.replace(target)


def _own() -> Iterator[tuple[str, bytes]]:
    for name in _INSTALLER:
        yield f"machinami/{name}", (_PACKAGE / name).read_bytes()


def _pip(*words: str) -> None:
    done = subprocess.run([*_PIP, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"pip {words[0]} ended with {done.returncode}; is this machine online? {done.stderr[-2000:]}")
