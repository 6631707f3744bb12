"""What do people read when the town's system is gone? Copies of its light pages, written again and again as files.

Any web server can serve the folder: copy/TOWN/index.html and a file a language. `standin` does where there is none.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from machinami.app.clock import utc_now
from machinami.app.durable import write_json, write_whole
from machinami.app.standin import COPIES, FOLDER
from machinami.broker.town import DEFAULT_TOWN
from machinami.kit.words import DEFAULT_LANGUAGE, LANGUAGES, OWN, Language, Words

SECONDS = 10.0
Maker = Callable[[Language], Awaitable[bytes]]


class Copying:
    """The copies of every town of an installation. makers: what makes a town's page in a language, by town; hosts: the
    towns that have a host of their own, by host; zone: by which the moment of a copy is told."""

    def __init__(
        self, data: Path, makers: Callable[[], Mapping[str, Maker]], hosts: Callable[[], Mapping[str, str]], zone: str
    ) -> None:
        self.folder = data / FOLDER
        self._makers = makers
        self._hosts = hosts
        self._zone = zone

    async def keep(self) -> None:
        """Write every page anew, each in one piece, and last when that was."""
        towns, files = self._makers(), dict[Path, bytes]()
        for town, make in towns.items():
            for language in LANGUAGES:
                files[self.folder / town / f"{language}.html"] = await make(language)
            files[self.folder / town / "index.html"] = files[self.folder / town / f"{DEFAULT_LANGUAGE}.html"]
        told = {
            "made": utc_now().timestamp(),
            "zone": self._zone,
            "default": DEFAULT_TOWN,
            "hosts": dict(self._hosts()),
            "words": _words(),
        }
        await asyncio.to_thread(self._write, files, told, frozenset(towns))

    def _write(self, files: Mapping[Path, bytes], told: Mapping[str, object], towns: frozenset[str]) -> None:
        for path, page in files.items():
            write_whole(path, page)
        write_json(self.folder / COPIES, told)
        self._forget(towns)

    def _forget(self, towns: frozenset[str]) -> None:
        """A town that has left leaves no page behind."""
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder.name not in towns:
                for file in folder.iterdir():
                    file.unlink()
                with suppress(OSError):
                    folder.rmdir()


def _words() -> dict[str, dict[str, str]]:
    """What is said around a copy, by language; who serves it fills in the moment and its age."""
    return {
        one: {
            key: Words(one, OWN).plain(f"disaster.{key}", at="{at}", minutes="{minutes}") for key in ("age", "closed")
        }
        for one in LANGUAGES
    }
