"""How does a value become unreadable without the keys of all whom it is about, and how is it read again?

A sealed instance is an attribute instance like any other: its kind, its times, its datasetId and its name stay, so that
log, history and outbox need know nothing of it; its value is a text that says which keys open it. It opens only at the
place where it was sealed.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from machinami.broker.shroud.keys import PersonKeys
from machinami.model.attribute import Attribute, Kind
from machinami.model.document import attribute_from_document, timeless_document
from machinami.store.encoding import encode

SIGN = "machinami:shrouded:"
_NONCE = 12
_MAPS: dict[Kind, dict[str, Any]] = {  # values that are maps for whoever looks at them sealed: the same for everybody
    Kind.LANGUAGE: {},
    Kind.GEO: {"type": "Point", "coordinates": [0, -90]},
}
_AT_HAND = 100_000  # ciphers that are kept ready


class Cipher:
    """Seals and opens with the keys of persons (AES-256-GCM). draw: gives so many random bytes."""

    def __init__(self, keys: PersonKeys, draw: Callable[[int], bytes]) -> None:
        self.keys = keys
        self._draw = draw
        self._ready: dict[str, AESGCM] = {}
        self._names: dict[tuple[str, ...], str] = {}

    def name(self, people: Sequence[str], scope: str) -> str:
        """By which keys something about these people is sealed: each of them is needed to open it."""
        known = self._names.get((scope, *people))
        if known is None:
            if len(self._names) >= _AT_HAND:
                self._names.clear()
            known = ".".join([f"{self.keys.obtain(person, scope):x}" for person in sorted(set(people))])
            self._names[(scope, *people)] = known
        return known

    def close(self, instance: Attribute, about: str, name: str) -> Attribute:
        """The instance, sealed. about: where it stands. Raises BadRequestData where JSON cannot say it."""
        text = self._close(encode(timeless_document(instance)), about, name)
        return Attribute(
            instance.kind,
            {**_MAPS[instance.kind], SIGN: text} if instance.kind in _MAPS else text,
            instance.dataset_id,
            instance.observed_at,
            None,
            instance.created_at,
            instance.modified_at,
            instance.expires_at,
            instance.instance_id,
        )

    def open(self, sealed: Attribute, about: str) -> Attribute | None:
        """The instance; None where a key that it needs is gone."""
        text = self._open(_text(sealed), about)
        if text is None:
            return None
        return replace(
            attribute_from_document(orjson.loads(text)),
            dataset_id=sealed.dataset_id,
            observed_at=sealed.observed_at,
            created_at=sealed.created_at,
            modified_at=sealed.modified_at,
            expires_at=sealed.expires_at,
            instance_id=sealed.instance_id,
        )

    def close_record(self, record: dict[str, Any], about: str, people: Sequence[str], scope: str) -> dict[str, Any]:
        """A small record, sealed."""
        return {SIGN: self._close(encode(record), about, self.name(people, scope))}

    def open_record(self, kept: dict[str, Any], about: str) -> dict[str, Any] | None:
        """A record as it was put in, sealed or not; None where a key that it needs is gone."""
        if SIGN not in kept:
            return kept
        text = self._open(kept[SIGN], about)
        return None if text is None else dict(orjson.loads(text))

    def forget(self) -> None:
        """Keep no key at hand."""
        self._ready.clear()
        self._names.clear()

    def _close(self, text: bytes, about: str, name: str) -> str:
        cipher, nonce = self._cipher(name), self._draw(_NONCE)
        if cipher is None:
            raise KeyError(name)
        return f"{SIGN}{name}:{b64encode(nonce + cipher.encrypt(nonce, text, about.encode())).decode('ascii')}"

    def _open(self, value: str, about: str) -> bytes | None:
        name, _, text = value[len(SIGN) :].partition(":")
        cipher = self._cipher(name)
        if cipher is None:
            return None
        try:
            sealed = b64decode(text)
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        except (InvalidTag, ValueError):
            return None

    def _cipher(self, name: str) -> AESGCM | None:
        known = self._ready.get(name)
        if known is not None:
            return known
        try:
            keys = [self.keys.key(int(number, 16)) for number in name.split(".")]
        except ValueError:
            return None
        found = [key for key in keys if key is not None]
        if len(found) < len(keys):
            return None
        if len(self._ready) >= _AT_HAND:
            self._ready.clear()
        cipher = self._ready[name] = AESGCM(found[0] if len(found) == 1 else sha256(b"".join(found)).digest())
        return cipher


def is_sealed(instance: Attribute) -> bool:
    """Whether an instance is sealed."""
    value = instance.value
    return value.startswith(SIGN) if type(value) is str else type(value) is dict and SIGN in value


def _text(sealed: Attribute) -> str:
    return sealed.value if type(sealed.value) is str else str(sealed.value[SIGN])


def place(entity_id: str, attribute: str) -> str:
    """Where an instance stands: it opens there alone."""
    return f"{entity_id}\n{attribute}"
