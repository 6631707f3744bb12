"""Which checks make the contract? All of them, each a function of a fresh backend that raises where it fails."""

from collections.abc import Awaitable, Callable

from machinami.store.conformance import evolving, finding, remembering, writing
from machinami.store.protocol import Backend

Check = Callable[[Backend], Awaitable[None]]

CHECKS: tuple[Check, ...] = (*writing.CHECKS, *finding.CHECKS, *remembering.CHECKS, *evolving.CHECKS)
