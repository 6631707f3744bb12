"""What of an installation ends some day, and is it renewed, or said, in time? Certificates, keys, exceptions."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from machinami.app.authority import AUTHORITY, AUTHORITY_KEY, FOLDER, SERVER, Authority
from machinami.broker.identity.identity import Identity
from machinami.foundation.errors import MachinamiError
from machinami.foundation.settings import DEMANDED, OFF, Settings
from machinami.kit.desk import Concern
from machinami.kit.tls import Encryption, Tls
from machinami.model.identity.key import Use

SECONDS = 2.0
SAID_BEFORE = timedelta(days=30)
_LOOKED_AT = timedelta(hours=1)
_LOG = logging.getLogger("machinami.keeping")


def tls_of(settings: Settings) -> Tls | None:
    """How the installation is served over TLS; None where it is not."""
    if settings.certificate is None:
        return None
    clients = None
    if settings.client_certificates != OFF:
        clients = settings.client_authority or settings.data / FOLDER / AUTHORITY
    demanded = settings.client_certificates == DEMANDED
    return Tls(settings.certificate, settings.certificate_key, clients, demanded)


def hsts_of(settings: Settings) -> str:
    """What browsers are told to do from now on: to come over TLS alone (RFC 6797); empty where they may come otherwise.
    Towns have hosts below that of the installation, so it holds for these too."""
    encrypted = settings.certificate is not None or settings.address.startswith("https://")
    if not encrypted or not settings.hsts_days:
        return ""
    return f"max-age={settings.hsts_days * 86_400}" + ("; includeSubDomains" if settings.hsts_subdomains else "")


class Keeping:
    """Keeps the certificate of a running installation fresh, and knows what ends soon."""

    def __init__(self, settings: Settings, identity: Identity, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._identity = identity
        self._clock = clock
        self._looked: datetime | None = None
        self.encryption: Encryption | None = None
        self.until: datetime | None = None
        self._authority_until: datetime | None = None

    def attend(self, encryption: Encryption | None) -> None:
        """Keep the certificate by which the installation is served from now on."""
        self.encryption = encryption
        self._note_ends()

    async def look(self) -> None:
        """Renew what ends soon, and take up what is new."""
        now = self._clock()
        if self._looked is None or now - self._looked >= _LOOKED_AT:
            self._looked = now
            await asyncio.to_thread(self._renew, now)
            self._note_ends()
        if self.encryption is not None and self.encryption.refresh():
            _LOG.info("a new certificate is in use")
            self._note_ends()

    def concerns(self) -> Sequence[Concern]:
        """What ends within a month, and exceptions by address that are over and still there."""
        now, found = self._clock(), []
        for kind, until in (("certificate", self.until), ("authority", self._authority_until)):
            if until is not None and until - now < SAID_BEFORE:
                found.append(Concern(kind, until))
        for key in self._identity.of(None).keys.values.values():
            if key.until is None or key.until - now >= SAID_BEFORE:
                continue
            if key.use is Use.PLACE:
                found.append(Concern("place" if key.until > now else "place_over", key.until, key.name))
            elif key.until > now:
                found.append(Concern("key", key.until, key.name))
        return sorted(found, key=lambda one: one.until)

    def _renew(self, now: datetime) -> None:
        """Renew the server's certificate where the town's own authority gave it, and say anew what was taken back."""
        own = self._settings.data / FOLDER
        if not (own / AUTHORITY_KEY).exists():
            return
        try:
            authority = Authority(self._settings.data)
            self._authority_until = authority.certificate.not_valid_after_utc
            authority.publish(now)
            if _is_same(self._settings.certificate, own / SERVER) and authority.renew_in_time(now):
                _LOG.info("the server's certificate was renewed")
        except (MachinamiError, OSError) as error:
            _LOG.warning("the certificate cannot be renewed: %s", error)

    def _note_ends(self) -> None:
        self.until = self.encryption.last_day() if self.encryption is not None else None


def _is_same(one: Path | None, other: Path) -> bool:
    return one is not None and one.exists() and other.exists() and one.samefile(other)
