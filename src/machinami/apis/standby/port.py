"""What does this face ask of an installation? What its archive holds, a part of it, and to give the town up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

FILE = re.compile(
    r"archive(-again)?\.json|keys/[a-z0-9.]{1,60}|pieces/[0-9a-f]{2}/[0-9a-f]{64}"
    r"|towns/[a-z0-9][a-z0-9_-]{0,62}/(erasures|bases/[0-9]{8}\.base|journal/[0-9]{10}\.log)"
)
"""The files that are given, and that a second machine takes: no town names another place there for it."""


@dataclass(frozen=True, slots=True)
class Follower:
    """What a second machine tells of itself. key: by which it asks; seconds, changes: what it is behind."""

    name: str
    key: str
    seconds: float
    changes: int
    version: str


class Lender(Protocol):
    """An installation whose archive a second machine may read."""

    async def look(self, follower: Follower) -> Mapping[str, Any]:
        """What the archive holds that a second machine needs. Raises Conflict where nothing is copied."""

    async def part(self, name: str, start: int) -> bytes:
        """What a file of the archive holds from a byte on, as much as is given at once. Raises NotFound."""

    async def give_up(self, holder: str, done: bool) -> Mapping[str, Any]:
        """Have another machine be the town: write no more, copy what there is, and stop when all was taken (done)."""
