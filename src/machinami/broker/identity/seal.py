"""How is a secret kept that must be read again? Sealed with a key that lies beside the town's file, not in it."""

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from machinami.foundation.errors import StoreUnavailable

_NONCE = 12


class Seal:
    """Seals and opens with one key of 32 bytes (AES-256-GCM). draw: gives so many random bytes."""

    def __init__(self, key: bytes, draw: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(key)
        self._draw = draw

    def close(self, secret: bytes, about: str) -> bytes:
        """The secret sealed; it opens only for what it is about."""
        nonce = self._draw(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """The secret. Raises StoreUnavailable where the key is another one."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        except InvalidTag as error:
            raise StoreUnavailable(
                f"The secret of {about} does not open with the identity.key in the data folder; "
                "put back the file that belongs to it"
            ) from error
