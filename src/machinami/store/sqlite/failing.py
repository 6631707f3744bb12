"""What does somebody hear when a town's file fails, and how is it known from then on that it is damaged?"""

import logging
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction, isfunction
from pathlib import Path
from typing import Any, TypeVar

import apsw
import orjson

from machinami.foundation.errors import StoreUnavailable

T = TypeVar("T")
MEND = "its file is damaged; stop the town and run machinami repair --mend, or restore a copy"
_CAUSES: dict[type[Exception], str] = {
    apsw.FullError: "there is no space left for it (disk full, or the town's bound reached); make room, and it goes on",
    apsw.ReadOnlyError: "its file may not be written; give the town the right to write, or mend the disk",
    apsw.BusyError: "another process holds it",
    apsw.CorruptError: MEND,
    apsw.NotADBError: MEND,
    apsw.IOError: "the disk failed; see what the system says of it",
}
# What reading rows ends in that are not as they must be; what somebody asked wrongly is never told so.
_FAILURES = (apsw.Error, ValueError, LookupError, TypeError, AttributeError)
_LOG = logging.getLogger("machinami.store")


def is_damage(error: BaseException) -> bool:
    """Whether an error, or what caused it, says that the file is damaged."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, apsw.CorruptError | apsw.NotADBError | orjson.JSONDecodeError | UnicodeDecodeError):
            return True
        if isinstance(seen, apsw.SQLError) and "malformed" in str(seen):
            return True
        seen = seen.__cause__
    return False


def unavailable(error: Exception) -> StoreUnavailable:
    """What to tell those who wanted something that the file could not take or give."""
    cause = next((text for kind, text in _CAUSES.items() if isinstance(error, kind)), "")
    cause = cause or (MEND if is_damage(error) else "stop the town and run machinami repair")
    failure = StoreUnavailable(
        f"The store cannot take or give data now: {cause} ({type(error).__name__}: {error})", cause=str(error)
    )
    failure.__cause__ = error
    return failure


class Failing:
    """How the file of one town fails. damage: what is told of it once it is known to be damaged; empty: it is not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damage = ""

    def tell(self, error: Exception) -> StoreUnavailable:
        """What to tell who wanted something; damage is noted, and logged the first time."""
        failure = unavailable(error)
        unread = not isinstance(error, apsw.Error)  # what a row says is not as it must be
        if not self.damage and (unread or is_damage(error)):
            self.damage = f"{self._path} is damaged ({error}); stop the town and run machinami repair --mend"
            _LOG.error("%s", self.damage, exc_info=error if unread else None)
        return failure


def telling(kind: type[T]) -> type[T]:
    """A class of which every public method raises StoreUnavailable where the file fails, as its `failing` tells."""
    for name, act in list(vars(kind).items()):
        if not name.startswith("_") and isfunction(act):
            setattr(kind, name, _later(act) if iscoroutinefunction(act) else _at_once(act))
    return kind


def _at_once(act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    def told(self: Any, *args: Any, **named: Any) -> Any:
        try:
            return act(self, *args, **named)
        except _FAILURES as error:
            raise self.failing.tell(error) from error

    return told


def _later(act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    async def told(self: Any, *args: Any, **named: Any) -> Any:
        try:
            return await act(self, *args, **named)
        except _FAILURES as error:
            raise self.failing.tell(error) from error

    return told
