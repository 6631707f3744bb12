"""Keys of persons that are gone when the test is: the port of `broker.shroud.keys` in memory."""

from collections.abc import Sequence
from hashlib import sha256


class PersonKeysInMemory:
    """The keys of one town, in memory."""

    def __init__(self, apart: bool = True) -> None:
        self.numbers: dict[tuple[str, str], int] = {}
        self.keys: dict[int, bytes] = {}
        self.apart = apart

    @property
    def origin(self) -> str:
        """Which keys these are."""
        return "memory" if self.numbers else ""

    def obtain(self, person: str, scope: str) -> int:
        """The number of the key; a new one where there is none."""
        number = self.numbers.get((person, scope))
        if number is None or number not in self.keys:
            number = self.numbers[person, scope] = 1 + max(self.numbers.values(), default=0)
            self.keys[number] = sha256(f"{number} {person} {scope}".encode()).digest()
        return number

    @property
    def made(self) -> int:
        """How many keys were made here since it was opened."""
        return len(self.numbers)

    @property
    def unsettled(self) -> bool:
        """Nothing of it is on any disk."""
        return False

    async def settle(self) -> None:
        """Nothing is waited for."""

    def settle_now(self) -> None:
        """Nothing is waited for."""

    def find(self, person: str, scope: str | None = None) -> Sequence[int]:
        """The numbers of the keys that a person has."""
        return [n for (p, s), n in self.numbers.items() if p == person and scope in (None, s) and n in self.keys]

    def key(self, number: int) -> bytes | None:
        """The key, if it is there."""
        return self.keys.get(number)

    def destroy(self, numbers: Sequence[int]) -> int:
        """Destroy keys."""
        return sum(self.keys.pop(number, None) is not None for number in numbers)
