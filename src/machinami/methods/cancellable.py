"""How is a feature of a body made into a template that can be revoked, as nobody can be given another face?

A keyed random projection onto orthonormal directions, of which the signs alone are kept (BioHashing, random multispace
quantisation: Teoh, Goh, Ngo, IEEE TPAMI 28(12), 2006; the terms are those of ISO/IEC 24745:2022). Under one key the
distance of two templates is that of the angle between the vectors; under two keys the templates of one person are as
far apart as those of strangers. Who has a template and its key can find vectors that give the same template, though not
which of them it was: key and template are to lie apart, and both go when a person asks.
"""

from collections.abc import Sequence
from hashlib import shake_256

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import BadRequestData

KEY_BYTES = 32
_CONTEXT = b"machinami cancellable template 1"
_LEAST_BITS = 64


def template(vector: Sequence[float], key: bytes, bits: int) -> bytes:
    """The template of a feature vector under a key.

    vector: at least `bits` numbers, not all 0; its length does not matter, its direction does. key: 32 random bytes
    that lie apart from the template. bits: how many signs are kept, a multiple of 8 and 64 at least.

    Raises BadRequestData.
    """
    values = np.asarray(vector, dtype=np.float64)
    if bits < _LEAST_BITS or bits % 8:
        raise BadRequestData(f"A template has a multiple of 8 and at least {_LEAST_BITS} bits")
    if values.ndim != 1 or values.size < bits:
        raise BadRequestData(f"A template of {bits} bits needs a vector of at least as many numbers")
    if not np.isfinite(values).all() or not values.any():
        raise BadRequestData("A feature vector is made of finite numbers that are not all 0")
    if len(key) != KEY_BYTES:
        raise BadRequestData(f"A key has {KEY_BYTES} bytes")
    return np.packbits(_directions(key, bits, values.size) @ values > 0).tobytes()


def distance(one: bytes, other: bytes) -> float:
    """In which share of their bits two templates differ: 0 where they are the same, about 0.5 for strangers.

    Raises BadRequestData where they have not the same length.
    """
    if len(one) != len(other) or not one:
        raise BadRequestData("Templates of different lengths cannot be compared")
    differing = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
    return differing.bit_count() / (8 * len(one))


def _directions(key: bytes, bits: int, size: int) -> NDArray[np.float64]:
    """Orthonormal directions, drawn from the key alone: the same on every machine and with every release of numpy. They
    are not remembered, as a key that is thrown away must be nowhere."""
    drawn = shake_256(_CONTEXT + key + size.to_bytes(4, "big")).digest(16 * bits * size)
    whole = np.frombuffer(drawn, dtype=">u8").astype(np.float64)
    radius, angle = ((whole + 0.5) / 2.0**64).reshape(2, bits * size)
    normal = np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * angle)  # Box and Muller, 1958
    basis, scale = np.linalg.qr(normal.reshape(bits, size).T)
    directions: NDArray[np.float64] = (basis * np.sign(np.diag(scale))).T
    return directions
