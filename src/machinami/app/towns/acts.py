"""What can be asked of who runs the towns of an installation? Each act by its name."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from machinami.app.towns.platform import Going, Platform
from machinami.model.principal import Principal


async def do(platform: Platform, act: str, told: Mapping[str, Any], by: Principal) -> Any:
    """Do what was asked. Raises BadRequestData, NotFound and what the acts raise."""
    name = str(told.get("town") or "")
    acts: dict[str, Callable[[], Awaitable[Any]]] = {
        "found": lambda: platform.found(
            name, by, told.get("administrator") or "", told.get("host") or "", told.get("quota")
        ),
        "invite": lambda: platform.invite(name, told["person"], by),
        "quota": lambda: platform.limit(name, told["quota"], by),
        "encrypt": lambda: platform.encrypt(name, by),
        "move": lambda: platform.move(name, _going(told), by),
        "bring": lambda: platform.bring(Path(told["folder"]), name, by, _path(told.get("key_file"))),
        "delete": lambda: platform.delete(name, by),
    }
    if act == "list":
        return platform.towns(by)
    if act == "host":
        return platform.call(name, told["host"], by)
    if act == "record":
        return {"entries": platform.reports(by), "faults": platform.record.faults()}
    return await acts[act]()


def _going(told: Mapping[str, Any]) -> Going:
    return Going(Path(told["folder"]), bool(told.get("key")), _path(told.get("key_file")), bool(told.get("stays")))


def _path(text: object) -> Path | None:
    return Path(text) if isinstance(text, str) else None
