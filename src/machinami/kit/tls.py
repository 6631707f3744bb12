"""How is a connection encrypted, and with which certificate? Fresh files are taken up while the server runs."""

import logging
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

# TLS 1.3 chooses its own; of TLS 1.2 only what keeps past talks secret when a key is lost, and proves what it carries.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_LOG = logging.getLogger("machinami.tls")


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a certificate (with those that vouch for it) and of its key. clients: the authority whose client
    certificates are looked at, None for none; demanded: whether nobody comes in without one."""

    certificate: Path
    key: Path | None = None
    clients: Path | None = None
    demanded: bool = False


def last_day(certificate: Path) -> datetime:
    """Until when a certificate holds. Raises OSError and ValueError where the file is none."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


class Encryption:
    """The encryption of one server, which takes up another certificate where the file has changed."""

    def __init__(self, tls: Tls) -> None:
        self.tls = tls
        self.context = _context(tls)
        self._seen = self._look()

    def refresh(self) -> bool:
        """Take up a certificate that is new; whether there was one. One that does not fit its key is left alone."""
        now = self._look()
        if now == self._seen:
            return False
        try:
            _context(self.tls)  # a pair of files that does not fit would take the certificate away
            self.context.load_cert_chain(self.tls.certificate, self.tls.key)
        except OSError as error:  # ssl.SSLError is one too; it may be half written: the next look sees it whole
            _LOG.warning("the certificate %s cannot be taken up: %s", self.tls.certificate.name, error)
            return False
        self._seen = now
        return True

    def last_day(self) -> datetime:
        """Until when the certificate holds."""
        return last_day(self.tls.certificate)

    def _look(self) -> tuple[tuple[int, int], ...]:
        files = [file for file in (self.tls.certificate, self.tls.key) if file is not None]
        try:
            return tuple((stat.st_mtime_ns, stat.st_ino) for stat in (file.stat() for file in files))
        except OSError:
            return ()


def _context(tls: Tls) -> ssl.SSLContext:
    """What connections are made with: TLS 1.2 at least. Raises OSError where a file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.load_cert_chain(tls.certificate, tls.key)
    if tls.clients is not None:
        context.load_verify_locations(tls.clients)
        context.verify_mode = ssl.CERT_REQUIRED if tls.demanded else ssl.CERT_OPTIONAL
    return context
