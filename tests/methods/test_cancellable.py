"""Can a template be matched under its key, revoked, and linked to nothing once its key is gone?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit.vault_contract import again, people

from machinami.foundation.errors import BadRequestData
from machinami.methods.cancellable import distance, template

BITS, SIZE = 128, 160


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


@given(st.integers(0, 2**32), st.floats(0, 60))
@settings(max_examples=25, deadline=None)
def test_under_one_key_the_distance_tells_the_angle(seed: int, degrees: float) -> None:
    rng = np.random.default_rng(seed)
    (vector,) = people(rng, 1, SIZE)
    near = template(again(rng, vector, degrees).tolist(), key(seed), BITS)
    told = distance(template(vector.tolist(), key(seed), BITS), near)
    assert abs(told - degrees / 180) < 5 * np.sqrt(0.25 / BITS)


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3))
@settings(max_examples=20, deadline=None)
def test_the_length_of_a_vector_does_not_matter(seed: int, scale: float) -> None:
    (vector,) = people(np.random.default_rng(seed), 1, SIZE)
    told = distance(template(vector.tolist(), key(1), BITS), template((scale * vector).tolist(), key(1), BITS))
    assert told <= 1 / BITS  # a sign may turn where a product is 0 but for rounding


def test_people_are_told_apart_within_the_tolerance() -> None:
    rng = np.random.default_rng(7)
    several = people(rng, 60, SIZE)
    kept = [template(one.tolist(), key(at), BITS) for at, one in enumerate(several)]
    same = [distance(kept[at], template(again(rng, one, 25).tolist(), key(at), BITS)) for at, one in enumerate(several)]
    others = [distance(kept[at], template(several[at - 1].tolist(), key(at), BITS)) for at in range(len(several))]
    assert max(same) < 0.32 < min(others)


def test_a_revoked_template_cannot_be_linked_to_the_new_one_of_the_same_person() -> None:
    rng = np.random.default_rng(11)
    several = people(rng, 120, SIZE)
    old = [template(one.tolist(), key(at), BITS) for at, one in enumerate(several)]
    new = [template(one.tolist(), key(1_000 + at), BITS) for at, one in enumerate(several)]
    same = np.array([distance(*pair) for pair in zip(old, new, strict=True)])
    strangers = np.array([distance(old[at], new[at - 1]) for at in range(len(several))])
    spread = np.sqrt(0.25 / BITS / len(several))
    assert abs(same.mean() - 0.5) < 4 * spread
    assert abs(strangers.mean() - 0.5) < 4 * spread
    linked = (same[:, None] < strangers).mean() + (same[:, None] == strangers).mean() / 2
    assert 0.38 < linked < 0.62  # a coin; 1.0 would be a link (standard error 0.037)


def test_another_key_makes_another_template() -> None:
    vector = [float((7 * number) % 13 - 6) for number in range(64)]
    assert template(vector, key(5), 64) == template(vector, key(5), 64)
    assert template(vector, key(5), 64) != template(vector, key(6), 64)


@pytest.mark.parametrize(
    ("vector", "secret", "bits"),
    [
        ([1.0] * 63, key(1), 64),
        ([0.0] * 64, key(1), 64),
        ([float("nan")] * 64, key(1), 64),
        ([1.0] * 64, b"short", 64),
        ([1.0] * 64, key(1), 32),
        ([1.0] * 80, key(1), 65),
    ],
)
def test_what_makes_no_template_is_said(vector: list[float], secret: bytes, bits: int) -> None:
    with pytest.raises(BadRequestData):
        template(vector, secret, bits)


def test_templates_of_different_lengths_are_not_compared() -> None:
    with pytest.raises(BadRequestData):
        distance(b"12345678", b"1234567812345678")
