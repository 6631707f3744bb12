"""Can what is sealed be opened by nobody else, and can key and algorithm be changed?"""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.knowing import known

from machinami.app.sealing import renew_sealing_key, sealing_key
from machinami.broker.identity.seal import Seal
from machinami.broker.identity.tokens import RECORD, Tokens
from machinami.foundation.errors import StoreUnavailable

ONE, TWO = b"1" * 32, b"2" * 32


def test_what_is_sealed_opens_only_with_its_key_and_for_what_it_is_about() -> None:
    sealed = Seal(ONE, os.urandom).close(b"seed", "authenticator of 7")
    assert Seal(ONE, os.urandom).open(sealed, "authenticator of 7") == b"seed"
    for seal, about, content in (
        (Seal(TWO, os.urandom), "authenticator of 7", sealed),
        (Seal(ONE, os.urandom), "authenticator of 8", sealed),
        (Seal(ONE, os.urandom), "authenticator of 7", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (Seal(ONE, os.urandom), "authenticator of 7", sealed[:5]),
    ):
        with pytest.raises(StoreUnavailable):
            seal.open(content, about)


def test_what_is_sealed_says_which_way_it_was() -> None:
    assert Seal(ONE, os.urandom).close(b"seed", "x")[0] == 1


@pytest.mark.parametrize("first", [0, 1])
def test_what_was_sealed_before_ways_were_said_still_opens_and_is_dated(first: int) -> None:
    nonce = bytes([first]) + b"n" * 11
    before = nonce + AESGCM(ONE).encrypt(nonce, b"seed", b"x")
    seal = Seal(ONE, os.urandom)
    assert seal.open(before, "x") == b"seed"
    assert seal.is_dated(before, "x")
    assert not seal.is_dated(seal.close(b"seed", "x"), "x")


def test_a_fresh_key_seals_from_now_on_and_the_former_still_opens(tmp_path: Path) -> None:
    former = Seal(sealing_key(tmp_path), os.urandom)
    sealed = former.close(b"seed", "x")
    assert renew_sealing_key(tmp_path) == 2
    fresh = Seal(sealing_key(tmp_path), os.urandom)
    assert (fresh.open(sealed, "x"), fresh.is_dated(sealed, "x")) == (b"seed", True)
    with pytest.raises(StoreUnavailable):
        former.open(fresh.close(b"seed", "x"), "x")
    assert (tmp_path / "identity.key").stat().st_mode & 0o077 == 0


async def test_the_algorithm_of_tokens_can_be_changed(tmp_path: Path) -> None:
    async with known(tmp_path) as town:
        store = (await town.broker.town(None)).store
        before = (await store.records(RECORD))["current"]
        assert before["algorithm"] == "ES256"
        other = Tokens(town.identity, "ES384")
        await other.load(store)
        assert [(key["alg"], key["crv"]) for key in other.public()["keys"]] == [("ES384", "P-384")]
        again = Tokens(town.identity, "ES384")
        await again.load(store)
        assert again.public() == other.public()
