"""Is this the password? argon2id (RFC 9106), beside the event loop, and never more than a few at once."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from machinami.foundation.errors import Overloaded

T = TypeVar("T")
_AT_ONCE, _WAITING = 2, 20  # 64 MiB each: many at once would take the machine's memory

KNOWN = frozenset(
    """password1234 password12345 passwordpassword 123456789012 1234567890123 12345678901234 qwertyuiop12 qwertyuiop123
    qwertyuiopas qwertyuiopasdf 1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx3edc4rfv zaq12wsxcde3 abcdefghijkl abcd12345678
    administrator administrator1 adminadminadmin letmeinletmein iloveyouiloveyou welcome12345 changeme1234
    machinami1234 machinamimachinami sakurasakura sakura123456 asdfghjkl123 asdfghjklzxcvbnm q1w2e3r4t5y6 p@ssword1234
    correcthorsebatterystaple""".split()
)


class Passwords:
    """Makes and checks hashes. cost: (rounds, KiB of memory, lanes); the default is RFC 9106's for small machines."""

    def __init__(self, cost: tuple[int, int, int] = (3, 65_536, 4)) -> None:
        rounds, memory, lanes = cost
        self._hasher = PasswordHasher(rounds, memory, lanes)
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._nobody: str | None = None

    async def make(self, password: str) -> str:
        """The hash to be kept."""
        return await self._beside(self._hasher.hash, password)

    async def check(self, kept: str | None, password: str) -> bool:
        """Whether the password is right. Without a kept hash the same work is done, so that time tells nothing."""
        if kept is None:
            if self._nobody is None:
                self._nobody = await self.make("nobody has this password")
            await self._beside(self._verify, self._nobody, password)
            return False
        return await self._beside(self._verify, kept, password)

    def is_dated(self, kept: str) -> bool:
        """Whether a hash was made at another cost than the present one."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _beside(self, work: Callable[..., T], *given: str) -> T:
        if self._waiting >= _WAITING:
            raise Overloaded("Many people are signing in; try again in a moment")
        self._waiting += 1
        try:
            async with self._free:
                return await asyncio.to_thread(work, *given)
        finally:
            self._waiting -= 1
