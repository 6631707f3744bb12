"""Where do the real files for the tests stand, and what is said where they are absent?"""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).resolve().parents[3].parent / "shared"))


def real_file(name: str) -> bytes:
    """The bytes of a file of the public test data; skips where there are none."""
    path = SHARED / "data" / name
    if not path.is_file():
        pytest.skip("the public test data are not here; set MACHINAMI_SHARED")
    return path.read_bytes()
