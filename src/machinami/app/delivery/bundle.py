"""What is in a bundle of the product, is it whole, and who signed it?

A bundle is one ZIP file that Python runs: this package and the installer, a wheel of every part, a manifest with the
SHA-256 of each file, and an Ed25519 signature of the manifest. What is here and in `installing` runs where nothing is
installed yet: it needs Python's own library alone.
"""

import base64
import binascii
import hashlib
import json
import platform
import struct
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machinami.foundation.ed25519 import verifies
from machinami.foundation.errors import InputError

MANIFEST, SIGNATURE, WHEELS = "manifest.json", "signature.json", "wheels/"
# What reading a ZIP file ends in whose bytes were changed: a wrong length, another way of packing, a flag.
_DAMAGED = (
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
_CHANGED = "中身が署名のときと違います。入れないでください。もう一度写しても同じなら、渡した人に知らせてください。 / "
_FACTS = ("version", "made", "python", "platform", "form")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that is whole. made: when, as ISO 8601; python, platform: for which machines; form: of a town's file;
    signer: the fingerprint of the key that signed it."""

    path: Path
    version: str
    made: str
    python: str
    platform: str
    form: int
    files: Mapping[str, str]
    digest: str
    signer: str

    @property
    def name(self) -> str:
        """By what this release is told from every other."""
        return f"{self.version}-{self.digest[:12]}"


def this_python() -> str:
    """For which Python wheels must be made to run here."""
    return f"cp{sys.version_info.major}{sys.version_info.minor}"


def this_platform() -> str:
    """For which machine wheels must be made to run here."""
    return f"{sys.platform}-{platform.machine().lower()}"


def fingerprint(public: bytes) -> str:
    """The name of a key, short enough to be compared with a sheet of paper: 128 bits in groups of four digits."""
    digits = hashlib.sha256(public).hexdigest()[:32]
    return "-".join(digits[at : at + 4] for at in range(0, 32, 4))


def read_bundle(path: Path) -> Bundle:
    """A bundle, every byte of which was looked at. Raises InputError that says what is wrong with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except FileNotFoundError as error:
        raise InputError(f"{path} がありません / There is no file {path}") from error
    except _DAMAGED as error:
        raise InputError(
            f"{path} は街並みのファイルではないか、運ぶ途中でこわれています。もう一度写してください。 / "
            f"{path} is no bundle, or was "
            f"damaged on its way ({error}); copy it again"
        ) from error


def _read(path: Path, archive: zipfile.ZipFile) -> Bundle:
    told = _member(path, archive, MANIFEST)
    signed = _document(path, _member(path, archive, SIGNATURE), SIGNATURE)
    try:
        public, signature = (base64.b64decode(str(signed[name]), validate=True) for name in ("key", "signature"))
    except (KeyError, binascii.Error) as error:
        raise InputError(f"{path}: {SIGNATURE} holds no key and signature") from error
    if not verifies(public, told, signature):
        raise InputError(
            f"{path}: {_CHANGED}the signature is not of this manifest; the bundle was changed. Do not install it"
        )
    manifest = _document(path, told, MANIFEST)
    files = manifest.get("files")
    if not isinstance(files, dict) or any(name not in manifest for name in _FACTS):
        raise InputError(f"{path}: {MANIFEST} is of a form that this version does not know")
    _compare(path, archive, files)
    facts = {name: manifest[name] for name in _FACTS}
    return Bundle(path, **facts, files=files, digest=hashlib.sha256(told).hexdigest(), signer=fingerprint(public))


def _compare(path: Path, archive: zipfile.ZipFile, files: Mapping[str, str]) -> None:
    there = [name for name in archive.namelist() if name not in (MANIFEST, SIGNATURE)]
    for name in sorted({*files, *there}):
        if name not in files:
            raise InputError(
                f"{path}: {_CHANGED}{name} is not in the manifest; the bundle was changed. Do not install it"
            )
        if hashlib.sha256(_member(path, archive, name)).hexdigest() != files[name]:
            raise InputError(
                f"{path}: {_CHANGED}{name} is not what was signed; the bundle was changed. Do not install it"
            )
    if len(there) != len(set(there)):
        raise InputError(f"{path}: {_CHANGED}a file is in it twice; the bundle was changed. Do not install it")


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError as error:
        raise InputError(f"{path}: {name} is missing; this is no bundle of machinami, or not all of one") from error


def _document(path: Path, text: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: {name} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: {name} cannot be read: it holds no object")
    return found
