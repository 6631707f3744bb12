"""How is a copy kept elsewhere, so that damage shows and, where there is a key, nobody reads it?

An archive is a folder: a disk, or what another machine shares. Everything in it is packed in one way: compressed where
that helps, sealed where the archive has a key (AES-256-GCM), and with a digest of it all. Contents are cut into pieces
that are named by what is in them, so that what did not change is kept once.
"""

import hmac
import os
import secrets
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import scrypt, sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from machinami.app.durable import read_json, sync_folder, write_json
from machinami.foundation.errors import SettingsError, StoreUnavailable

DESCRIPTION, PIECES = "archive.json", "pieces"
_AGAIN = "archive-again.json"
PIECE = 1 << 20
_SIGN = b"MCHB1"
_PACKED, _SEALED = 1, 2
_NONCE, _DIGEST = 12, 32
_WORTH = 0.95  # of its bytes: what compresses less is kept as it is
_ABOUT = "machinami archive"
_COST = {"n": 1 << 15, "r": 8, "p": 1}


class Damaged(StoreUnavailable):
    """A file of the archive is damaged or missing."""


def place_in(folder: Path, name: str) -> Path:
    """Where a file of this name belongs in a folder. Raises Damaged for a name that leads out of it: an open archive
    says what whoever reached it wrote."""
    if not Path(os.path.normpath(folder / name)).is_relative_to(os.path.normpath(folder)):
        raise Damaged(f"The archive names a file outside of the town's folder: {name[:100]!r}", path=name)
    return folder / name


@dataclass(frozen=True, slots=True)
class Keys:
    """What an archive with a key seals with, and names its pieces by."""

    seal: AESGCM
    name: bytes


class Vault:
    """The folder of an archive. keys: None where it is open; fetch: brings a piece that is not here."""

    def __init__(self, folder: Path, identity: str, keys: Keys | None) -> None:
        self.folder = folder
        self.identity = identity
        self.fetch: Callable[[str], None] = lambda name: None
        self._keys = keys

    @property
    def is_sealed(self) -> bool:
        """Whether nobody reads it without the key."""
        return self._keys is not None

    def pack(self, content: bytes, about: str) -> bytes:
        """A content as it lies in the archive. about: where it belongs, so that none stands in for another."""
        whole = _SIGN + self.close(content, about)
        return whole + sha256(whole).digest()

    def unpack(self, kept: bytes, about: str, where: str) -> bytes:
        """The content again. Raises Damaged, naming where it was."""
        whole, digest = kept[:-_DIGEST], kept[-_DIGEST:]
        if not whole.startswith(_SIGN) or sha256(whole).digest() != digest:
            raise Damaged(f"{where} is damaged", path=where)
        return self.open(whole[len(_SIGN) :], about, where)

    def close(self, content: bytes, about: str, squeeze: bool = True) -> bytes:
        """A content without a digest of its own, for where another one covers it. squeeze: whether it is compressed."""
        return b"".join(self.close_apart(content, about, squeeze))

    def close_apart(self, content: bytes, about: str, squeeze: bool = True) -> tuple[bytes, bytes]:
        """The same in two parts, where it is long: how it is packed, and the rest."""
        packed, kind = (zlib.compress(content, 1), _PACKED) if squeeze else (content, 0)
        if len(packed) > len(content) * _WORTH:
            packed, kind = content, 0
        if self._keys is not None:
            nonce = os.urandom(_NONCE)
            packed, kind = nonce + self._keys.seal.encrypt(nonce, packed, about.encode()), kind | _SEALED
        return bytes((kind,)), packed

    def open(self, closed: bytes, about: str, where: str) -> bytes:
        """The content of what was closed. Raises Damaged, naming where it was."""
        kind, packed = closed[0], closed[1:]
        try:
            if kind & _SEALED:
                if self._keys is None:
                    raise SettingsError(f"{where} is sealed; say which key opens the archive")
                packed = self._keys.seal.decrypt(packed[:_NONCE], packed[_NONCE:], about.encode())
            return zlib.decompress(packed) if kind & _PACKED else packed
        except (InvalidTag, zlib.error, ValueError) as error:
            raise Damaged(f"{where} was changed, or belongs elsewhere", path=where) from error

    # pieces

    def put_piece(self, content: bytes) -> tuple[str, int]:
        """Keep a piece; its name, and how many bytes that took: none where it is there already."""
        name = self._name(content)
        path = self._place(name)
        if path.exists():
            os.utime(path)  # somebody needs it anew
            return name, 0
        packed = self.pack(content, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"{name}.{secrets.token_hex(4)}.new")
        with made.open("wb") as file:
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(made, path)
        return name, len(packed)

    def has_piece(self, name: str) -> bool:
        """Whether it is there."""
        return self._place(name).exists()

    def piece(self, name: str) -> bytes:
        """The content of a piece. Raises Damaged."""
        path = self._place(name)
        where = f"{PIECES}/{path.parent.name}/{name}"
        if not path.exists():
            self.fetch(name)
        try:
            content = self.unpack(path.read_bytes(), name, where)
        except OSError as error:
            raise Damaged(f"{where} cannot be read: {error.strerror}", path=where) from error
        if self._name(content) != name:
            raise Damaged(f"{where} is another's", path=where)
        return content

    def put_content(self, content: bytes) -> tuple[list[str], int]:
        """Keep a content of any length; the names of its pieces, and what it took."""
        kept = [self.put_piece(content[start : start + PIECE]) for start in range(0, len(content), PIECE)]
        return [name for name, _ in kept], sum(taken for _, taken in kept)

    def content(self, names: Sequence[str]) -> bytes:
        """What was cut into these pieces."""
        return b"".join(map(self.piece, names))

    def pieces(self) -> list[Path]:
        """The files of all pieces, and of what a crash left half."""
        return sorted((self.folder / PIECES).glob("*/*"))

    def _name(self, content: bytes) -> str:
        if self._keys is None:
            return sha256(content).hexdigest()
        return hmac.digest(self._keys.name, content, "sha256").hex()

    def _place(self, name: str) -> Path:
        return self.folder / PIECES / name[:2] / name

    # documents

    def write(self, name: str, document: Any, destroy: bool = False) -> None:
        """Put a document in the place of the one of that name. destroy: what was there is overwritten."""
        self.write_bytes(name, orjson.dumps(document), destroy)

    def write_bytes(self, name: str, content: bytes, destroy: bool = False) -> None:
        """Put a content in the place of the one of that name, at once."""
        path = self.folder / name
        packed = self.pack(content, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(path.name + ".new")
        with made.open("wb") as file:
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        if destroy and path.exists():
            with path.open("r+b") as old:  # held, so that its blocks are overwritten when its name is another's
                os.replace(made, path)
                old.write(os.urandom(os.fstat(old.fileno()).st_size))
                old.flush()
                os.fsync(old.fileno())
        else:
            os.replace(made, path)
        sync_folder(path.parent)

    def read(self, name: str) -> Any:
        """The document; None where there is none. Raises Damaged."""
        content = self.read_bytes(name)
        return None if content is None else orjson.loads(content)

    def read_bytes(self, name: str) -> bytes | None:
        """The content; None where there is none. Raises Damaged."""
        try:
            kept = (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Damaged(f"{name} cannot be read: {error.strerror}", path=name) from error
        return self.unpack(kept, name, name)

    def towns(self) -> list[str]:
        """The towns that it has copies of."""
        return sorted(one.name for one in (self.folder / "towns").glob("*") if one.is_dir())


def open_vault(folder: Path, key_file: Path | None, make: bool = False) -> Vault:
    """The archive in a folder. make: begin one where there is none, and a key file where it is named and not there.

    Raises SettingsError where there is none, or it does not open.
    """
    folder = folder.absolute()
    try:
        described = _described(folder)
        if described is None and make:
            described = _begin(folder, key_file)
    except OSError as error:
        raise SettingsError(f"The archive {folder} cannot be opened: {error}") from error
    if described is None:
        raise SettingsError(f"There is no archive in {folder} (no {DESCRIPTION}); is the disk or share connected?")
    if described.get("format") != 1:
        raise SettingsError(f"{folder} was written by a later version of machinami; use that one")
    if described["salt"] is None:
        return Vault(folder, described["id"], None)
    if key_file is None:
        raise SettingsError(f"The archive {folder} is sealed; say which key opens it: --key-file FILE")
    keys = _keys_of(key_file, bytes.fromhex(described["salt"]))
    vault = Vault(folder, described["id"], keys)
    try:
        vault.unpack(bytes.fromhex(described["check"]), _ABOUT, DESCRIPTION)
    except Damaged as error:
        raise SettingsError(f"The archive {folder} does not open with the key in {key_file}") from error
    return vault


def _described(folder: Path) -> dict[str, Any] | None:
    """What an archive says of itself, in one of two places: without it nobody opens a sealed one."""
    found = None
    for name in (DESCRIPTION, _AGAIN):
        with suppress(ValueError):
            found = read_json(folder / name) or found
            if isinstance(found, dict) and found.get("digest") == _digest_of(found):
                return found
    if found is not None:
        raise SettingsError(f"{folder / DESCRIPTION} is damaged, and so is {_AGAIN}")
    return None


def _digest_of(described: dict[str, Any]) -> str:
    said = {name: value for name, value in described.items() if name != "digest"}
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _begin(folder: Path, key_file: Path | None) -> dict[str, Any]:
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError(f"{folder} holds something else; name an empty folder for the archive")
    if not folder.parent.is_dir():
        raise SettingsError(f"There is no folder {folder.parent}; is the disk or share connected?")
    folder.mkdir(mode=0o700, exist_ok=True)
    described: dict[str, Any] = {"format": 1, "id": secrets.token_hex(16), "salt": None}
    if key_file is not None:
        if not key_file.exists():
            _make_key(key_file)
        salt = secrets.token_bytes(16)
        sealed = Vault(folder, "", _keys_of(key_file, salt)).pack(b"", _ABOUT)
        described |= {"salt": salt.hex(), "check": sealed.hex()}
    described["digest"] = _digest_of(described)
    for name in (DESCRIPTION, _AGAIN):
        write_json(folder / name, described)
    return described


def _make_key(path: Path) -> None:
    if not path.parent.is_dir():
        raise SettingsError(f"There is no folder {path.parent} for the key file")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _keys_of(path: Path, salt: bytes) -> Keys:
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"The key file {path} cannot be read: {error.strerror}") from error
    if len(secret) < 12:
        raise SettingsError(f"The key in {path} is too short: 12 characters at least")
    drawn = scrypt(secret, salt=salt, maxmem=1 << 27, dklen=64, **_COST)
    return Keys(AESGCM(drawn[:32]), drawn[32:])
