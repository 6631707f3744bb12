"""What must a vault for templates do? The contract of the port, for every vault that a town installs."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from machinami.foundation.errors import BadRequestData
from machinami.kit.biometry import ERASED_WITHIN, NotEnrolled, TemplateVault

Vector = NDArray[np.float64]


def people(rng: np.random.Generator, number: int, size: int = 512) -> Vector:
    """Feature vectors of so many strangers."""
    drawn: Vector = rng.normal(size=(number, size))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def again(rng: np.random.Generator, vector: Vector, degrees: float) -> Vector:
    """The same person measured again, so many degrees away."""
    other = rng.normal(size=vector.shape)
    other -= (other @ vector) * vector
    turned: Vector = np.cos(np.radians(degrees)) * vector + np.sin(np.radians(degrees)) * other / np.linalg.norm(other)
    return turned


async def demand_contract(
    vault: TemplateVault, withdraw: Callable[[str], None], leftovers: Callable[[str], Sequence[object]]
) -> None:
    """Hold a vault to all that the port says. withdraw: ends a consent; leftovers: what it still has of somebody.

    The consents `consent:0` to `consent:3` hold, and no other.
    """
    rng = np.random.default_rng(1)
    several = people(rng, 4)
    for number, vector in enumerate(several):
        await vault.enrol(f"urn:pseudonym:{number}", vector.tolist(), f"consent:{number}")
    with pytest.raises(BadRequestData):
        await vault.enrol("urn:pseudonym:9", several[0].tolist(), "consent:none")
    for number, vector in enumerate(several):
        assert await vault.matches(f"urn:pseudonym:{number}", again(rng, vector, 25).tolist())
        assert not await vault.matches(f"urn:pseudonym:{number}", several[number - 1].tolist())
    await vault.revoke("urn:pseudonym:0")
    assert not await vault.matches("urn:pseudonym:0", several[0].tolist())
    await vault.enrol("urn:pseudonym:0", several[0].tolist(), "consent:0")
    assert await vault.matches("urn:pseudonym:0", several[0].tolist())
    withdraw("consent:1")
    assert not await vault.matches("urn:pseudonym:1", several[1].tolist())
    begun = time.monotonic()
    await vault.erase("urn:pseudonym:2")
    assert time.monotonic() - begun < ERASED_WITHIN
    assert list(leftovers("urn:pseudonym:2")) == []
    assert "urn:pseudonym:2" not in await vault.enrolled()
    for unknown in (vault.matches("urn:pseudonym:2", several[2].tolist()), vault.revoke("urn:pseudonym:2")):
        with pytest.raises(NotEnrolled):
            await unknown
    await vault.erase("urn:pseudonym:2")
