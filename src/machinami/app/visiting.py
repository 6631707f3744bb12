"""How does a command come to a running town as somebody? With a key from where it does not show, over a line that
others cannot listen to."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from machinami.foundation.errors import InputError, SettingsError, StoreUnavailable
from machinami.wire.http import trusting

KEY_VARIABLE = "MACHINAMI_KEY"
_HOW = (
    "an administrator of that town makes a key on its page /keys; show it with --key-file FILE, "
    f"or in the environment variable {KEY_VARIABLE}"
)


@dataclass(frozen=True, slots=True)
class Pass:
    """What a command shows of itself: its key, None for nothing; ca_file: authorities that it trusts besides those of
    the system."""

    key: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    def fields(self, url: str) -> dict[str, str]:
        """The header fields for a town at an address. Raises SettingsError where others could read the key."""
        if self.key is None:
            return {}
        if not is_private_line(url):
            raise SettingsError(
                f"The key would cross the network in the clear to {urlsplit(url).hostname}; use its https:// address"
            )
        return {"Authorization": f"Bearer {self.key}"}


NOBODY = Pass()


def read_key(given: str | None, file: Path | None, environment: Mapping[str, str], variable: str) -> str | None:
    """The key that was given, else the one in the file, else that of the environment. Raises SettingsError, which never
    shows it."""
    told, source = given, "the option"
    if told is None and file is not None:
        source = str(file)
        try:
            told = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingsError(f"The key file {file} cannot be read: {reason}") from None
    if told is None:
        told, source = environment.get(variable), variable
    if told is None:
        return None
    key = told.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(f"What {source} gives is no key; a key begins with mk_ and is one word")
    return key


def is_private_line(url: str) -> bool:
    """Whether nobody else can listen on the way to an address: it is encrypted, or does not leave this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def connected(shown: Pass, timeout: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientSession]:
    """The connections of one command. They keep no cookies."""
    secure: ssl.SSLContext | bool = True if shown.ca_file is None else trusting(shown.ca_file)
    connector = aiohttp.TCPConnector(ssl=secure)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield session


async def exchange(
    session: aiohttp.ClientSession, method: str, url: str, document: object, headers: Mapping[str, str]
) -> tuple[int, Any]:
    """Status and JSON of an answer. Raises StoreUnavailable where there is none."""
    try:
        async with session.request(method, url, json=document, headers=headers, allow_redirects=False) as answer:
            body = await answer.json(content_type=None) if answer.content_length != 0 else None
            return answer.status, body
    except TimeoutError:
        raise StoreUnavailable(f"{url} did not answer within {session.timeout.total:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise StoreUnavailable(f"{url} cannot be reached: {type(error).__name__}; is it running?") from error


async def fetched(url: str, ca_file: Path | None, limit: int) -> bytes:
    """What is at an address that a town was told to fetch, up to a limit. Raises StoreUnavailable where it is not to be
    had, and follows nobody elsewhere."""
    timeout = aiohttp.ClientTimeout(total=20)
    try:
        async with connected(Pass(ca_file=ca_file), timeout) as session:
            async with session.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise StoreUnavailable(f"{url} answers {answer.status}")
                body = await answer.content.read(limit + 1)
                while len(body) <= limit and (part := await answer.content.read(limit + 1 - len(body))):
                    body += part
                return body
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise StoreUnavailable(f"{url} cannot be reached: {type(error).__name__}") from error


def refused(url: str, status: int, body: object, shown: Pass) -> InputError:
    """What a town said instead of doing what was asked, and where it wants to know who asks, how to say so."""
    said = body.get("detail") or body.get("title") if isinstance(body, dict) else None
    if isinstance(body, dict) and isinstance(body.get("errors"), list) and body["errors"]:
        first = body["errors"][0]
        said = str(first.get("error", first) if isinstance(first, dict) else first)
    words = f"{url} answered {status}: {said or 'nothing more'}"
    if status == 401:
        words += f"; {_HOW}" if shown.key is None else "; the key that was shown does not open it"
    if status == 403 and shown.key is not None:
        words += "; the key may not do this: give it a role or a row of the policy that does"
    return InputError(words, status=status)
