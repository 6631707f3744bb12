"""Is a signature taken exactly where the key that it names made it?"""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.foundation.ed25519 import verifies

# RFC 8032, 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_published_signatures_are_taken(public: str, message: str, signature: str) -> None:
    assert verifies(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@settings(max_examples=20)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 63), st.integers(1, 255))
def test_what_is_signed_is_taken_and_nothing_that_differs_from_it(seed: bytes, text: bytes, at: int, by: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(text)
    changed = bytearray(signature)
    changed[at] ^= by
    assert verifies(public, text, signature)
    assert not verifies(public, text, bytes(changed))
    assert not verifies(public, text + b"!", signature)


@pytest.mark.parametrize(("public", "signature"), [(b"", b""), (b"\xff" * 32, bytes(64)), (bytes(32), b"\xff" * 64)])
def test_what_is_no_key_or_no_signature_is_not_taken(public: bytes, signature: bytes) -> None:
    assert not verifies(public, b"text", signature)
