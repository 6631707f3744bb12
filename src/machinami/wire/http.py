"""How do notifications and contexts travel over HTTP?"""

import logging
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import aiohttp
import orjson

from machinami.foundation.errors import BadRequestData, ContextNotAvailable, SettingsError
from machinami.foundation.urn import without_password
from machinami.wire.freshness import freshness
from machinami.wire.post import Poster
from machinami.wire.protocol import Channel, Delivery, Fetched
from machinami.wire.reasons import unreached
from machinami.wire.session import Session
from machinami.wire.targets import ANYWHERE, ForbiddenTarget, Targets

_LOG = logging.getLogger("machinami.wire")


class HttpWire:
    """The connections for everything the town sends and fetches; opened at the first need.

    ca_file: certificates of authorities that are trusted besides those that the system trusts. Raises SettingsError
    where it cannot be used. targets: where connections may lead. trust: what certificates are held against,
    made at the first need.
    """

    def __init__(self, ca_file: Path | None = None, targets: Targets = ANYWHERE) -> None:
        self._trust = cache(partial(trusting, ca_file))
        if ca_file is not None:
            self._trust()
        self._poster = Poster(self._trust, targets)
        self._session = Session(self._trust, targets, reused=True)

    def trust(self) -> ssl.SSLContext:
        """The authorities that are trusted."""
        return self._trust()

    async def send(
        self, uri: str, body: bytes, headers: Mapping[str, str], timeout: float, channel: Channel = ()
    ) -> Delivery:
        """Deliver a notification by POST; 2xx is success. Redirects are not followed: a receiver's address is what
        the subscriber gave, nothing else."""
        try:
            status = await self._poster.post(uri, body, headers, timeout)
        except TimeoutError:
            return Delivery(False, None, f"no answer within {timeout:g} s")
        except ssl.SSLCertVerificationError as error:
            return Delivery(False, None, _untrusted(error))
        except (OSError, ValueError) as error:
            return Delivery(False, None, unreached(error))
        ok = 200 <= status < 300
        return Delivery(ok, status, "" if ok else f"the receiver answered {status}")

    async def fetch_json(self, url: str, timeout: float, limit: int) -> Fetched:
        """The JSON document at a URL, and for how long it is fresh.

        Raises ContextNotAvailable; BadRequestData if it is no JSON (5.5.6).
        """
        if not url.startswith(("http://", "https://")):
            raise ContextNotAvailable(f"{url} is no address that a context can be fetched from", url=url)
        headers = {"Accept": "application/ld+json, application/json;q=0.9"}
        try:
            async with self._session.open().get(
                url, headers=headers, timeout=aiohttp.ClientTimeout(total=timeout), max_redirects=5
            ) as answer:
                if answer.status != 200:
                    raise _unavailable(url, f"the server answered {answer.status}")
                if coding := self._session.packed(answer):
                    raise _unavailable(url, f"the document is packed ({coding[:40]}), though that was not asked for")
                said = {name.lower(): ", ".join(answer.headers.getall(name)) for name in answer.headers}
                body = await answer.content.read(limit + 1)
                while len(body) <= limit and not answer.content.at_eof():
                    body += await answer.content.read(limit + 1 - len(body))
        except TimeoutError:
            raise _unavailable(url, f"no answer within {timeout:g} s") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise _unavailable(url, _untrusted(error.certificate_error)) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            _LOG.info("the @context %s cannot be had: %s", without_password(url), error)
            raise _unavailable(url, _why(error)) from None
        if len(body) > limit:
            raise _unavailable(url, f"the document is larger than {limit} bytes")
        try:
            return Fetched(orjson.loads(body), freshness(said, datetime.now(UTC)))
        except orjson.JSONDecodeError as error:
            raise BadRequestData(f"The document at {url} is no JSON ({error})", url=url) from None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._poster.close()
        await self._session.close()


def _unavailable(url: str, cause: str) -> ContextNotAvailable:
    return ContextNotAvailable(f"The @context {url} cannot be had: {cause}", url=url, cause=cause)


def _why(error: Exception) -> str:
    """Why a connection failed, in words for whoever asks: what the client says of itself is for the log alone."""
    for cause in (error, getattr(error, "os_error", None), error.__cause__):
        if isinstance(cause, ForbiddenTarget):
            return str(cause)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no address is known of its host"
    if isinstance(error, aiohttp.InvalidURL):
        return "this is no address of the web"
    if isinstance(error, aiohttp.TooManyRedirects):
        return "it leads on and on"
    return "its server does not answer as one of the web"


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """The authorities of the system, and those in a file. Raises SettingsError where it cannot be used."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as fault:
            raise SettingsError(f"The certificate file {ca_file} cannot be used: {fault}", key="ca_file") from fault
    return context


def _untrusted(error: Exception) -> str:
    cause = getattr(error, "verify_message", "") or error
    return f"its certificate is not trusted: {cause}; an authority of your own is named as ca_file in machinami.toml"
