"""How does a closed network get certificates of its own? A small authority in the town's folder.

Where no public authority reaches, the town is its own: one certificate that the office's computers are told to trust,
which may vouch for nothing but names and addresses of this network, and by which servers and devices get theirs.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from machinami.foundation.errors import AlreadyExists, BadRequestData, NotFound, SettingsError
from machinami.foundation.instant import format_instant, parse_instant

FOLDER = "authority"
AUTHORITY, AUTHORITY_KEY, REVOKED, LEDGER = "ca.pem", "ca.key", "crl.pem", "issued.json"
SERVER, SERVER_KEY = "server.pem", "server.key"
NAMES = ("localhost", "local", "lan", "home.arpa", "internal")
NETWORKS = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
LASTS, SERVER_LASTS, DEVICE_LASTS = timedelta(days=3_650), timedelta(days=397), timedelta(days=397)
RENEWED_BEFORE = timedelta(days=60)
_CRL_LASTS = timedelta(days=30)
_EARLIER = timedelta(minutes=5)  # clocks in an office differ


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate that was given out. subject: the names of a server, or the id of a key; digest: SHA-256."""

    serial: str
    kind: str
    subject: tuple[str, ...]
    digest: str
    since: str
    until: str
    revoked: str = ""


class Authority:
    """The authority of one installation. Raises SettingsError where there is none."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER
        try:
            self.certificate = x509.load_pem_x509_certificate((self.folder / AUTHORITY).read_bytes())
            key = serialization.load_pem_private_key((self.folder / AUTHORITY_KEY).read_bytes(), None)
        except FileNotFoundError as error:
            raise SettingsError(
                f"There is no authority in {data}; make one with: machinami certificate authority --data {data}"
            ) from error
        except ValueError as error:
            raise SettingsError(f"The authority in {self.folder} cannot be read: {error}") from error
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key

    def issued(self) -> list[Issued]:
        """Every certificate that was given out, in order."""
        file = self.folder / LEDGER
        rows = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
        return [Issued(**{**row, "subject": tuple(row["subject"])}) for row in rows]

    def issue_server(self, subject: Sequence[str], now: datetime) -> Issued:
        """A certificate for a server at these names and addresses. Raises BadRequestData for one outside."""
        names = [_general_name(text) for text in subject]
        permitted = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
        for name in names:
            if not any(_lies_in(name, one) for one in permitted or ()):
                raise BadRequestData(
                    f"{name.value} lies outside what this authority may vouch for: "
                    + ", ".join(str(one.value) for one in permitted or ())
                )
        files = self.folder / SERVER, self.folder / SERVER_KEY
        made = self._issue("server", subject, names, ExtendedKeyUsageOID.SERVER_AUTH, SERVER_LASTS, now, files)
        self.publish(now)
        return made

    def issue_device(self, key_id: str, until: datetime | None, now: datetime) -> tuple[Issued, Path, Path]:
        """A certificate for a program or a device, which lasts no longer than its key; and the files that it gets."""
        place = self.folder / "devices"
        place.mkdir(mode=0o700, exist_ok=True)
        files = place / f"{key_id}.pem", place / f"{key_id}.key"
        lasting = DEVICE_LASTS if until is None else min(DEVICE_LASTS, until - now)
        names = [x509.UniformResourceIdentifier(f"urn:machinami:program:{key_id}")]
        made = self._issue("device", [key_id], names, ExtendedKeyUsageOID.CLIENT_AUTH, lasting, now, files)
        self.publish(now)
        return made, *files

    def renew_server(self, now: datetime) -> Issued:
        """A fresh certificate for the names of the present one. Raises NotFound where there is none."""
        return self.issue_server(self.server().subject, now)

    def server(self) -> Issued:
        """The server's certificate. Raises NotFound."""
        found = [one for one in self.issued() if one.kind == "server" and not one.revoked]
        if not found:
            raise NotFound("No certificate for a server was issued here yet")
        return found[-1]

    def renew_in_time(self, now: datetime) -> bool:
        """Renew the server's certificate where it ends soon; whether that was needed."""
        try:
            ends = parse_instant(self.server().until)
        except NotFound:
            return False
        if ends - now > RENEWED_BEFORE:
            return False
        self.renew_server(now)
        return True

    def revoke(self, which: str, now: datetime) -> list[Issued]:
        """Take back the certificates with this serial number, name or key. Raises NotFound."""
        every = self.issued()
        gone = [one for one in every if not one.revoked and (which == one.serial or which in one.subject)]
        if not gone:
            raise NotFound(f"No certificate that holds has {which!r} as its serial number, name or key")
        at = format_instant(now)
        self._keep([Issued(**{**asdict(one), "revoked": at}) if one in gone else one for one in every])
        self.publish(now)
        return gone

    def publish(self, now: datetime) -> None:
        """Write the list of what was taken back, for servers that read one (RFC 5280, 5)."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - _EARLIER).next_update(now + _CRL_LASTS)
        for one in self.issued():
            if one.revoked:
                row = x509.RevokedCertificateBuilder().serial_number(int(one.serial, 16))
                builder = builder.add_revoked_certificate(row.revocation_date(parse_instant(one.revoked)).build())
        signed = builder.sign(self._key, hashes.SHA256())
        _write(self.folder / REVOKED, signed.public_bytes(serialization.Encoding.PEM), 0o644)

    def _issue(
        self,
        kind: str,
        subject: Sequence[str],
        names: Sequence[x509.GeneralName],
        use: x509.ObjectIdentifier,
        lasting: timedelta,
        now: datetime,
        files: tuple[Path, Path],
    ) -> Issued:
        key, serial = ec.generate_private_key(ec.SECP256R1()), x509.random_serial_number()
        own, until = self.certificate.public_key(), min(now + lasting, self.certificate.not_valid_after_utc)
        assert isinstance(own, ec.EllipticCurvePublicKey)
        # Brokers take a device's common name for its user name. A server is known by its other names alone: OpenSSL
        # would take an address that stands here for a name that the authority may not vouch for.
        common = subject[0][:64] if kind == "device" else "Machinami"
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(now - _EARLIER)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        # The certificate is written last: a server that looks at both takes up neither before they fit.
        _write(files[1], _private(key), 0o600)
        _write(files[0], made.public_bytes(serialization.Encoding.PEM), 0o644)
        digest = made.fingerprint(hashes.SHA256()).hex()
        row = Issued(f"{serial:x}", kind, tuple(subject), digest, format_instant(now), format_instant(until))
        self._keep([*self.issued(), row])
        return row

    def _keep(self, rows: Sequence[Issued]) -> None:
        _write(self.folder / LEDGER, json.dumps([asdict(row) for row in rows], indent=1).encode(), 0o600)


def make_authority(data: Path, name: str, names: Sequence[str], networks: Sequence[str], now: datetime) -> Authority:
    """Make the authority of an installation. names, networks: what it may vouch for besides those of closed networks.
    Raises AlreadyExists, BadRequestData."""
    folder = data / FOLDER
    if (folder / AUTHORITY_KEY).exists():
        raise AlreadyExists(f"There is an authority in {folder} already; computers trust that one")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    permitted: list[x509.GeneralName] = [x509.DNSName(one) for one in dict.fromkeys((*NAMES, *map(_dns, names)))]
    permitted += [x509.IPAddress(_network(one)) for one in dict.fromkeys((*NETWORKS, *networks))]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(folder / AUTHORITY_KEY, _private(key), 0o600)
    _write(folder / AUTHORITY, made.public_bytes(serialization.Encoding.PEM), 0o644)
    authority = Authority(data)
    authority.publish(now)
    return authority


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _dns(text: str) -> str:
    name = text.strip().lower().rstrip(".")
    if not name or not name.isascii() or not all(part.replace("-", "").isalnum() for part in name.split(".")):
        raise BadRequestData(f"{text[:80]!r} is no name of a computer; write it like machinami.city.lan")
    return name


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise BadRequestData(f"{text[:80]!r} is no network; write it like 192.0.2.0/24") from error


def _general_name(text: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(_dns(text))


def _lies_in(name: x509.DNSName | x509.IPAddress, permitted: x509.GeneralName) -> bool:
    if isinstance(name, x509.DNSName):
        return isinstance(permitted, x509.DNSName) and f".{name.value}".endswith(f".{permitted.value}")
    network = permitted.value
    return isinstance(network, IPv4Network | IPv6Network) and name.value in network


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, content: bytes, mode: int) -> None:
    """The file whole or not at all, and at no moment for more eyes than these."""
    beside = file.with_name(f".{file.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as made:
        made.write(content)
    beside.replace(file)
