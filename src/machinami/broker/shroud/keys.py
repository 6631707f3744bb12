"""What is asked of the place where the keys of persons are kept, apart from the data that they seal?"""

from collections.abc import Sequence
from typing import Protocol


class PersonKeys(Protocol):
    """The keys of one town: one for each person and scope (a type or an attribute), found by its number."""

    def obtain(self, person: str, scope: str) -> int:
        """The number of the key; a new one where there is none. It is in the file when this returns, and survives a
        loss of power once it is settled."""
        ...

    @property
    def made(self) -> int:
        """How many keys were made here since it was opened."""
        ...

    @property
    def unsettled(self) -> bool:
        """Whether a new key is not on the disk yet."""
        ...

    async def settle(self) -> None:
        """Wait until every key that there is now is on the disk. Raises StoreUnavailable."""
        ...

    def settle_now(self) -> None:
        """The same at once, holding up everybody else. Raises StoreUnavailable."""
        ...

    def find(self, person: str, scope: str | None = None) -> Sequence[int]:
        """The numbers of the keys that a person has, of one scope or of all."""
        ...

    def key(self, number: int) -> bytes | None:
        """The key; None where it was destroyed, or never was here."""
        ...

    def destroy(self, numbers: Sequence[int]) -> int:
        """Destroy keys for good; how many there were. When this returns they are on no disk that is known here."""
        ...

    @property
    def origin(self) -> str:
        """Which keys these are, so that those of another town are not taken for them; empty where there are none."""
        ...

    @property
    def apart(self) -> bool:
        """Whether the keys lie outside of the data folder, so that a copy of the folder holds none."""
        ...
