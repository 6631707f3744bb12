"""What smooth or scattered numbers does a seed give at a place or at an instant?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_MANTISSA = 2.0**-53


def generator(seed: int, *path: int) -> np.random.Generator:
    """Return the random generator of one named branch of the seed; branches may be negative numbers."""
    return np.random.default_rng([seed & 0xFFFFFFFF, *(part & 0xFFFFFFFF for part in path)])


def scatter(seed: int, channel: int, counters: npt.NDArray[np.int64]) -> Floats:
    """Return one uniform number in (0, 1) for each counter, the same however the counters are sliced.

    A sensor's noise must not depend on who asks for which stretch of time, so it is hashed from the
    instant (SplitMix64 finaliser, Steele, Lea & Flood 2014) instead of drawn from a running generator.
    """
    start = np.uint64((seed * 0x1000003 + channel * 0x10001 + 1) & 0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        mixed: Counts = (counters.astype(np.uint64) + start) * _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_A
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_B
        mixed ^= mixed >> np.uint64(31)
    return np.asarray(((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * _MANTISSA)


def gaussian(seed: int, channel: int, counters: npt.NDArray[np.int64]) -> Floats:
    """Return one standard normal number for each counter (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log(scatter(seed, 2 * channel, counters)))
    return np.asarray(radius * np.cos(2.0 * np.pi * scatter(seed, 2 * channel + 1, counters)))


@dataclass(frozen=True, slots=True)
class Waves:
    """A smooth random surface: a sum of plane waves, so that it has a value and no seam anywhere."""

    across: Floats
    along: Floats
    phase: Floats
    height: Floats

    def at(self, x: Floats, y: Floats) -> Floats:
        """Return the surface at points in metres; its standard deviation is about 1."""
        total = np.zeros(np.broadcast(x, y).shape)
        for across, along, phase, height in zip(self.across, self.along, self.phase, self.height, strict=True):
            total += height * np.sin(across * x + along * y + phase)
        return total


def waves(rng: np.random.Generator, longest: float, shortest: float, count: int = 28, fall: float = 1.0) -> Waves:
    """Draw a surface with wavelengths from ``longest`` to ``shortest`` metres.

    ``fall`` is the exponent with which height falls with wave number: larger is smoother.
    """
    lengths = longest * (shortest / longest) ** rng.random(count)
    heading = rng.random(count) * 2.0 * np.pi
    number = 2.0 * np.pi / lengths
    height = (lengths / longest) ** fall
    height = height * np.sqrt(2.0 / np.sum(height**2))
    return Waves(number * np.cos(heading), number * np.sin(heading), rng.random(count) * 2.0 * np.pi, height)
