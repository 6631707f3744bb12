"""Is this the password, and may this be one? argon2id (RFC 9106), beside the event loop, few at once."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from machinami.broker.identity.guessing import has_leaked, is_guessable
from machinami.foundation.errors import BadRequestData, Overloaded

T = TypeVar("T")
_AT_ONCE, _WAITING = 2, 20  # 64 MiB each: many at once would take the machine's memory


class Passwords:
    """Makes and checks hashes. cost: (rounds, KiB of memory, lanes); the default is RFC 9106's for small machines.
    leaked: a file of passwords that leaked, as `guessing` reads it."""

    def __init__(self, cost: tuple[int, int, int] = (3, 65_536, 4), leaked: Path | None = None) -> None:
        self._leaked = leaked
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

    async def judge(self, password: str, near: Sequence[str]) -> None:
        """Raise BadRequestData where a new password would be guessed, or is known to have leaked. near: words that are
        near at hand for who guesses."""
        if await self._beside(is_guessable, password, *near):
            raise BadRequestData("This password is among the first to be guessed", key="identity.weak_password")
        if self._leaked is not None and await self._beside(partial(has_leaked, self._leaked), password):
            raise BadRequestData("This password is on the list of those that leaked", key="identity.leaked_password")

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
