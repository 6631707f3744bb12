"""On what does an installation stand? Its folder, and the loop that it runs on."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from machinami.foundation.errors import SettingsError

try:
    import uvloop
except ImportError:  # not made for Windows
    uvloop = None  # type: ignore[assignment]


def data_folder(path: Path) -> Path:
    """The folder, made if it is not there. Raises SettingsError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise SettingsError(f"{path} is a file; name a folder for the town's data") from error
    except OSError as error:
        raise SettingsError(f"The data folder {path} cannot be made: {error.strerror}") from error
    return path


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """The event loop to run on: uvloop where there is one (it needs about a third less CPU), else asyncio's own."""
    return asyncio.new_event_loop if uvloop is None else uvloop.new_event_loop
