"""Do something with the towns of a folder, and be killed at a given step: run by the tests as a process of its own."""

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.app import durable
from machinami.app.keys import KeyRing
from machinami.app.overseeing import ask
from machinami.app.towns import carrying
from machinami.app.towns.record import Record
from machinami.broker.broker import Broker

_KILLED = 9


def main(step: int, data: Path, act: str, town: str, folder: str) -> None:
    """Count the steps that change a disk, and end without any tidying before the given one."""
    left = step

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(work)
        def run(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(_KILLED)
            return work(*arguments, **named)

        return run

    for owner, names in (
        (Record, ("begin", "end", "note", "take", "give")),
        (KeyRing, ("put", "destroy")),
        (carrying, ("copy_file", "write_json", "keep_keys", "remove_files", "place", "_seal_anew")),
        (Broker, ("part", "rejoin", "forget")),
        (durable, ("destroy", "sync_folder")),
    ):
        for name in names:
            setattr(owner, name, counted(getattr(owner, name)))
    for name in ("rmdir", "rename", "unlink"):
        setattr(os, name, counted(getattr(os, name)))
    told = {"town": town, "folder": folder, "key": True}
    ask(data, act, told, read_subscription)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:6])
