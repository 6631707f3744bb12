"""How does a letter get to the mail server? SMTP (RFC 5321) over connections that stay open.

Commands of one letter go together where the server takes that (PIPELINING, RFC 2920), so that a letter costs two
round trips. What the server refuses for now (4yz) may be tried again; what it refuses for good (5yz) may not.
"""

import asyncio
import base64
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from machinami.wire.protocol import Delivery

Security = Literal["tls", "starttls", "none"]
_CONNECTIONS = 4
_LINE = 8_192
_IDLE_SECONDS = 20.0
_READY, _OK, _SIGNED_IN, _START, _CLOSING = 220, 250, 235, 354, 421
_FOR_NOW, _FOR_GOOD = 400, 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed in, and who hands them in. name: what this machine calls itself there."""

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    name: str = "localhost"


class Refused(Exception):
    """The server does not take it: its code and its words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{code} {words}")
        self.code = code


class _Line:
    """One connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._offers: set[str] = set()
        self.idle_since = 0.0

    async def greet(self, server: MailServer, trust: Callable[[], ssl.SSLContext]) -> None:
        """Say who comes, and make the connection safe. Raises Refused."""
        await self._expect(_READY)
        await self._hello(server)
        if server.security == "starttls":
            await self._command("STARTTLS", _READY)
            await self._writer.start_tls(trust(), server_hostname=server.host)
            await self._hello(server)
        if server.user:
            told = base64.b64encode(f"\0{server.user}\0{server.password}".encode()).decode("ascii")
            await self._command(f"AUTH PLAIN {told}", _SIGNED_IN)

    async def hand_in(self, sender: str, to: str, letter: bytes) -> None:
        """One letter. Raises Refused; afterwards the connection is as before."""
        first = [f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA"]
        if "PIPELINING" in self._offers:
            self._say(*first)
            answers = [await self._answer() for _ in first]
        else:
            answers = []
            for line in first:
                self._say(line)
                answers.append(await self._answer())
                if answers[-1][0] >= _FOR_NOW:
                    break
        refused = next((one for one in answers if one[0] >= _FOR_NOW), None)
        if refused is None:
            self._writer.write(_stuffed(letter) + b".\r\n")
            await self._expect(_OK)
            return
        if answers[-1][0] == _START:  # the server waits for a letter that it will take for nobody (RFC 2920, 3.1)
            self._writer.write(b".\r\n")
            await self._answer()
        await self._command("RSET", _OK)
        raise Refused(*refused)

    async def _hello(self, server: MailServer) -> None:
        said = await self._command(f"EHLO {server.name}", _OK)
        self._offers = {line.partition(" ")[0].upper() for line in said.split("\n")[1:]}

    async def _command(self, line: str, wanted: int) -> str:
        self._say(line)
        return await self._expect(wanted)

    async def _expect(self, wanted: int) -> str:
        code, words = await self._answer()
        if code != wanted:
            raise Refused(code, words)
        return words

    def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))

    async def _answer(self) -> tuple[int, str]:
        """The code and the words of an answer, which may have several lines (RFC 5321, 4.2.1)."""
        await self._writer.drain()
        words: list[str] = []
        while True:
            line = (await self._reader.readline()).decode("utf-8", "replace")
            if not line.endswith("\n") or not line[:3].isdigit():
                raise ConnectionError("the mail server broke off")
            words.append(line[4:].strip())
            if line[3:4] != "-":
                return int(line[:3]), "\n".join(words)

    @property
    def open(self) -> bool:
        """Whether another letter can go this way."""
        return not self._writer.is_closing() and not self._reader.at_eof()

    async def close(self) -> None:
        """End the connection, politely where that is still possible."""
        if self.open:
            self._say("QUIT")
        self._writer.close()


class SmtpMailer:
    """Hands letters to one server; a few connections, opened at the first need and closed when they were idle.

    trust: the authorities that are trusted, at the first need.
    """

    def __init__(self, server: MailServer, trust: Callable[[], ssl.SSLContext]) -> None:
        self._server = server
        self._trust = trust
        self._idle: list[_Line] = []
        self._room = asyncio.Semaphore(_CONNECTIONS)
        self._sweep: asyncio.TimerHandle | None = None
        self._closing = set[asyncio.Task[None]]()

    async def hand_in(self, sender: str, to: str, letter: bytes, timeout: float) -> Delivery:
        """Hand in one letter within timeout seconds; never raises for what the server does."""
        try:
            async with self._room, asyncio.timeout(timeout):
                line = self._waiting() or await self._open()
                try:
                    await line.hand_in(sender, to, letter)
                except Refused as refused:
                    if refused.code == _CLOSING:
                        await line.close()
                    raise
                except BaseException:
                    await line.close()
                    raise
                finally:
                    self._keep(line)
        except Refused as refused:
            return Delivery(False, refused.code, str(refused)[:200])
        except TimeoutError:
            return Delivery(False, None, f"no answer within {timeout:g} s")
        except ssl.SSLCertVerificationError as error:
            return Delivery(False, None, f"the certificate of the mail server is not trusted: {error.verify_message}")
        except (OSError, ValueError) as error:
            return Delivery(False, None, f"{type(error).__name__}: {error}"[:200])
        return Delivery(True, _OK)

    async def _open(self) -> _Line:
        server = self._server
        secure = self._trust() if server.security == "tls" else None
        streams = await asyncio.open_connection(server.host, server.port, ssl=secure, limit=_LINE)
        line = _Line(*streams)
        try:
            await line.greet(server, self._trust)
        except BaseException:
            await line.close()
            raise
        return line

    def _waiting(self) -> _Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.open:
                return line
        return None

    def _keep(self, line: _Line) -> None:
        if line.open:
            loop = asyncio.get_running_loop()
            line.idle_since = loop.time()
            self._idle.append(line)
            if self._sweep is None:
                self._sweep = loop.call_later(_IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        late = [line for line in self._idle if loop.time() - line.idle_since >= _IDLE_SECONDS]
        self._idle = [line for line in self._idle if line not in late and line.open]
        for line in late:
            task = loop.create_task(line.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        self._sweep = loop.call_later(_IDLE_SECONDS, self._close_idle) if self._idle else None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        idle, self._idle = self._idle, []
        lines: Sequence[_Line] = idle
        for line in lines:
            await line.close()
        await asyncio.sleep(0)


def _stuffed(letter: bytes) -> bytes:
    """The letter with a dot before each line that begins with one (RFC 5321, 4.5.2), ended by a line break."""
    whole = letter if letter.endswith(b"\r\n") else letter + b"\r\n"
    return (b"." + whole if whole.startswith(b".") else whole).replace(b"\r\n.", b"\r\n..")
