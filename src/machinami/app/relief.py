"""How does a town have somebody stand in for it? A process that holds its socket, and takes over should it die."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from secrets import token_hex

from machinami.app.durable import write_whole
from machinami.app.standin import BYE, FOLDER, STANDING, TURN
from machinami.foundation.settings import Settings

_LOG = logging.getLogger("machinami")
_GIVEN_WAY, _LOOK, _ENDED = 5.0, 0.05, 3.0


class Relief:
    """Who stands in for one installation. Where a system passes no sockets on (Windows), nobody does: `machinami copy`
    serves the copies at a port of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.data / FOLDER
        self._turn = token_hex(8)
        self._process: subprocess.Popen[bytes] | None = None

    async def come_back(self) -> None:
        """Have who stands in for a town that was killed give its socket back. Before the town listens."""
        standing = self._folder / STANDING
        if not standing.exists() and not self._settings.stand_in:
            return
        write_whole(self._folder / TURN, self._turn.encode())
        deadline = asyncio.get_running_loop().time() + _GIVEN_WAY
        while standing.exists() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK)
        standing.unlink(missing_ok=True)  # who stood in was killed as well

    def start(self, listener: socket.socket) -> None:
        """Have somebody wait with the socket on which the town listens."""
        if not self._settings.stand_in or os.name == "nt":
            return
        told = self._settings
        words = [sys.executable, "-m", "machinami.app.standin", "--folder", str(self._folder)]
        words += ["--descriptor", str(listener.fileno()), "--turn", self._turn]
        if told.certificate is not None:
            words += ["--certificate", str(told.certificate)]
            words += ["--key", str(told.certificate_key)] if told.certificate_key else []
        try:
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[listener.fileno()]
            )
        except OSError as error:
            _LOG.warning("nobody stands in for the town: %s", error)

    @property
    def fault(self) -> str:
        """Why nobody would stand in; empty where somebody would, or nobody is asked to."""
        ended = None if self._process is None else self._process.poll()
        return "" if ended is None else f"the process that stands in for the town ended with {ended}"

    def stop(self) -> None:
        """The town ends as it should: nobody stands in for it."""
        if self._process is None:
            return
        try:
            self._process.communicate(BYE, _ENDED)
        except (subprocess.TimeoutExpired, OSError):
            self._process.kill()
            self._process.wait()
        self._process = None
