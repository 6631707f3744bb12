"""How is a secret kept that must be read again? Sealed with a key that lies beside the town's file, not in it."""

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from machinami.foundation.errors import StoreUnavailable

_NONCE, _KEY = 12, 32
_VERSION = b"\x01"  # AES-256-GCM, a nonce of 12 bytes before what is sealed


class Seal:
    """Seals with the first of its keys of 32 bytes each, and opens with any (AES-256-GCM). draw: gives so many random
    bytes. What is sealed says first which way it was, so that another way can come later."""

    def __init__(self, keys: bytes, draw: Callable[[int], bytes]) -> None:
        self._ciphers = [AESGCM(keys[at : at + _KEY]) for at in range(0, len(keys), _KEY)]
        self._draw = draw

    def close(self, secret: bytes, about: str) -> bytes:
        """The secret sealed; it opens only for what it is about."""
        nonce = self._draw(_NONCE)
        return _VERSION + nonce + self._ciphers[0].encrypt(nonce, secret, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """The secret. Raises StoreUnavailable where the key is another one."""
        secret = self._opened(sealed, about, self._ciphers)
        if secret is None:
            raise StoreUnavailable(
                f"The secret of {about} does not open with the identity.key in the data folder; "
                "put back the file that belongs to it"
            )
        return secret

    def is_dated(self, sealed: bytes, about: str) -> bool:
        """Whether this was sealed in another way, or by another key, than the present ones."""
        return not sealed.startswith(_VERSION) or self._opened(sealed[1:], about, self._ciphers[:1]) is None

    def _opened(self, sealed: bytes, about: str, ciphers: list[AESGCM]) -> bytes | None:
        # What was sealed first says no way: its first byte is chance, and may be the same by chance.
        for content in (sealed[1:], sealed) if sealed.startswith(_VERSION) else (sealed,):
            for cipher in ciphers:
                try:
                    return cipher.decrypt(content[:_NONCE], content[_NONCE:], about.encode())
                except (InvalidTag, ValueError):
                    continue
        return None
