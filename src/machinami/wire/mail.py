"""How does a letter get to the mail server? SMTP (RFC 5321) over connections that stay open.

Where the server takes that (PIPELINING, RFC 2920), the commands of a letter go together, and along with the text of the
letter before: where many wait, each costs one round trip. What the server refuses for now (4yz) may be tried again;
what it refuses for good (5yz) may not.
"""

import asyncio
import base64
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from machinami.wire.protocol import Delivery

Security = Literal["tls", "starttls", "none"]
_CONNECTIONS = 8
_AT_A_LINE = 2  # while one letter waits for its answer, the commands of the next are on their way
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


Answer = tuple[int, str]


class _Line:
    """One connection to the server. Its answers come in the order of what was asked (RFC 5321, 2.1)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._offers: set[str] = set()
        self._asked = deque[asyncio.Future[Answer]]()
        self._listening: asyncio.Task[None] | None = None
        self._speaking = asyncio.Lock()

    async def greet(self, server: MailServer, trust: Callable[[], ssl.SSLContext]) -> None:
        """Say who comes, and make the connection safe. Raises Refused."""
        _expected(await self._answer(), _READY)
        await self._hello(server)
        if server.security == "starttls":
            await self._command("STARTTLS", _READY)
            await self._writer.start_tls(trust(), server_hostname=server.host)
            await self._hello(server)
        if server.user:
            told = base64.b64encode(f"\0{server.user}\0{server.password}".encode()).decode("ascii")
            await self._command(f"AUTH PLAIN {told}", _SIGNED_IN)
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def hand_in(self, sender: str, to: str, letter: bytes) -> None:
        """One letter. Raises Refused; afterwards the connection is as before."""
        async with self._speaking:
            await self._envelope([f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA"])
            self._writer.write(_stuffed(letter))
            taken = self._ask(".")
            if "PIPELINING" not in self._offers:
                await asyncio.wait([taken])
        _expected(await taken, _OK)

    async def _envelope(self, commands: list[str]) -> None:
        """Say from whom and to whom a letter is. Raises Refused."""
        answers: list[Answer] = []
        if "PIPELINING" in self._offers:
            answers = [await asked for asked in [self._ask(line) for line in commands]]
        else:
            for line in commands:
                answers.append(await self._ask(line))
                if answers[-1][0] >= _FOR_NOW:
                    break
        refused = next((one for one in answers if one[0] >= _FOR_NOW), None)
        if refused is None:
            return
        if answers[-1][0] == _START:  # the server waits for a letter that it will take for nobody (RFC 2920, 3.1)
            await self._ask(".")
        _expected(await self._ask("RSET"), _OK)
        raise Refused(*refused)

    def _ask(self, line: str) -> asyncio.Future[Answer]:
        """Say something; its answer."""
        self._say(line)
        asked: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        if not self.open:
            self._give_up("the mail server broke off")
        return asked

    async def _listen(self) -> None:
        """Hear the answers, each for what was asked first."""
        try:
            while True:
                answer = await self._answer()
                asked = self._asked.popleft() if self._asked else None
                if asked is not None and not asked.done():
                    asked.set_result(answer)
        except (OSError, ValueError) as error:
            self._writer.close()
            self._give_up(str(error))

    async def _hello(self, server: MailServer) -> None:
        said = await self._command(f"EHLO {server.name}", _OK)
        self._offers = {line.partition(" ")[0].upper() for line in said.split("\n")[1:]}

    async def _command(self, line: str, wanted: int) -> str:
        self._say(line)
        return _expected(await self._answer(), wanted)

    def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode("ascii"))

    async def _answer(self) -> Answer:
        """The code and the words of an answer, which may have several lines (RFC 5321, 4.2.1)."""
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

    def close(self) -> None:
        """End the connection, politely where that is still possible."""
        if self.open:
            self._say("QUIT")
        self._writer.close()
        if self._listening is not None:
            self._listening.cancel()
        self._give_up("the connection to the mail server was closed")

    def _give_up(self, reason: str) -> None:
        while self._asked:
            _broken(self._asked.popleft(), reason)


def _broken(asked: asyncio.Future[Answer], reason: str) -> None:
    if not asked.done():
        asked.set_exception(ConnectionError(reason))
        asked.exception()  # perhaps nobody waits for it any more


def _expected(answer: Answer, wanted: int) -> str:
    code, words = answer
    if code != wanted:
        raise Refused(code, words)
    return words


@dataclass
class _Way:
    """One of the connections that there may be: open or not yet, and how many letters are on it."""

    line: _Line | None = None
    users: int = 0
    idle_since: float = 0.0
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def open(self) -> bool:
        """Whether it is open."""
        return self.line is not None and self.line.open


class SmtpMailer:
    """Hands letters to one server; a few connections, opened at the first need and closed when they were idle.

    trust: the authorities that are trusted, at the first need.
    """

    def __init__(self, server: MailServer, trust: Callable[[], ssl.SSLContext]) -> None:
        self._server = server
        self._trust = trust
        self._ways = [_Way() for _ in range(_CONNECTIONS)]
        self._room = asyncio.Semaphore(_CONNECTIONS * _AT_A_LINE)
        self._sweep: asyncio.TimerHandle | None = None

    async def hand_in(self, sender: str, to: str, letter: bytes, timeout: float) -> Delivery:
        """Hand in one letter within timeout seconds; never raises for what the server does."""
        try:
            async with self._room, asyncio.timeout(timeout):
                way = min(self._ways, key=lambda one: (one.users, not one.open))
                way.users += 1
                try:
                    async with way.opening:
                        if way.line is None or not way.line.open:
                            way.line = await self._open()
                        line = way.line
                    await self._on(line, sender, to, letter)
                finally:
                    self._leave(way)
        except Refused as refused:
            return Delivery(False, refused.code, str(refused)[:200])
        except TimeoutError:
            return Delivery(False, None, f"no answer within {timeout:g} s")
        except ssl.SSLCertVerificationError as error:
            return Delivery(False, None, f"the certificate of the mail server is not trusted: {error.verify_message}")
        except (OSError, ValueError) as error:
            return Delivery(False, None, f"{type(error).__name__}: {error}"[:200])
        return Delivery(True, _OK)

    async def _on(self, line: _Line, sender: str, to: str, letter: bytes) -> None:
        try:
            await line.hand_in(sender, to, letter)
        except Refused as refused:
            if refused.code == _CLOSING:
                line.close()
            raise
        except BaseException:  # what still comes would be taken for another letter's answer
            line.close()
            raise

    async def _open(self) -> _Line:
        server = self._server
        secure = self._trust() if server.security == "tls" else None
        streams = await asyncio.open_connection(server.host, server.port, ssl=secure, limit=_LINE)
        line = _Line(*streams)
        try:
            await line.greet(server, self._trust)
        except BaseException:
            line.close()
            raise
        return line

    def _leave(self, way: _Way) -> None:
        loop = asyncio.get_running_loop()
        way.users -= 1
        way.idle_since = loop.time()
        if self._sweep is None:
            self._sweep = loop.call_later(_IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        for way in self._ways:
            if way.line is not None and not way.users and loop.time() - way.idle_since >= _IDLE_SECONDS:
                way.line.close()
                way.line = None
        any_open = any(way.open for way in self._ways)
        self._sweep = loop.call_later(_IDLE_SECONDS, self._close_idle) if any_open else None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for way in self._ways:
            if way.line is not None:
                way.line.close()
                way.line = None
        await asyncio.sleep(0)


def _stuffed(letter: bytes) -> bytes:
    """The letter with a dot before each line that begins with one (RFC 5321, 4.5.2), ended by a line break."""
    whole = letter if letter.endswith(b"\r\n") else letter + b"\r\n"
    return (b"." + whole if whole.startswith(b".") else whole).replace(b"\r\n.", b"\r\n..")
