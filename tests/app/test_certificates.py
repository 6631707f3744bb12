"""Is a closed network served over TLS by an authority of its own, and do certificates stand for programs?"""

import asyncio
import contextlib
import os
import re
import socket
import ssl
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509

from machinami.app.authority import Authority, make_authority
from machinami.app.clock import utc_now
from machinami.app.configuration import read
from machinami.app.keeping import Keeping
from machinami.app.running import TownOS
from machinami.cli.entrance import enter
from machinami.foundation.errors import AlreadyExists, BadRequestData, SettingsError

ENTITIES = "/ngsi-ld/v1/entities"
DEADLINE = 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A town with an authority and a certificate for this machine."""
    now = utc_now()
    make_authority(tmp_path, "Kasumi", (), (), now).issue_server(["localhost", "127.0.0.1"], now)
    settings = '[server]\ncertificate = "authority/server.pem"\ncertificate_key = "authority/server.key"\n'
    (tmp_path / "machinami.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def trusting(folder: Path, *shown: Path) -> ssl.SSLContext:
    """A client that trusts the town's authority, and shows a certificate."""
    context = ssl.create_default_context(cafile=folder / "authority" / "ca.pem")
    if shown:
        context.load_cert_chain(*shown)
    return context


@contextlib.asynccontextmanager
async def served(folder: Path, lane: bool = True) -> AsyncIterator[TownOS]:
    """The town, served over TLS."""
    town = TownOS(read(folder), "test")
    town.settings = type(town.settings)(**{**_fields(town.settings), "port": 0, "fast_lane": lane})
    await town.start()
    try:
        yield town
    finally:
        await town.stop()


def _fields(settings: Any) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__slots__}


async def status_of(town: TownOS, context: ssl.SSLContext, method: str = "GET", **more: Any) -> int:
    """The status of an answer over a connection of its own."""
    connector = aiohttp.TCPConnector(ssl=context, force_close=True)
    async with aiohttp.ClientSession(town.address, connector=connector) as client:
        async with client.request(method, f"{ENTITIES}?type=River", **more) as answer:
            return answer.status


async def certificate_of(town: TownOS, context: ssl.SSLContext) -> x509.Certificate:
    """What the server shows to a new connection."""
    host, port = town.address.removeprefix("https://").split(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return x509.load_der_x509_certificate(shown)


def test_an_authority_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    now = utc_now()
    made = make_authority(tmp_path, "Kasumi", ["city.example"], ["198.51.100.0/24"], now)
    assert stat.S_IMODE((tmp_path / "authority" / "ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "authority").stat().st_mode) == 0o700
    with pytest.raises(AlreadyExists):
        make_authority(tmp_path, "Kasumi", (), (), now)
    assert made.certificate.extensions.get_extension_for_class(x509.NameConstraints).critical
    assert made.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    made.issue_server(["a.city.example", "198.51.100.7", "192.168.0.7", "machinami.local"], now)
    for outside in ("example.com", "8.8.8.8", "evilcity.example", "not a name"):
        with pytest.raises(BadRequestData):
            made.issue_server([outside], now)
    with pytest.raises(SettingsError, match="certificate authority"):
        Authority(tmp_path / "elsewhere")


@pytest.mark.parametrize("lane", [True, False])
async def test_a_town_is_served_over_tls_to_who_trusts_its_authority(folder: Path, lane: bool) -> None:
    async with served(folder, lane) as town:
        assert town.address.startswith("https://")
        assert await status_of(town, trusting(folder)) == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await status_of(town, ssl.create_default_context())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(
    ("version", "ciphers", "refused"),
    [
        (ssl.TLSVersion.TLSv1_3, None, False),
        (ssl.TLSVersion.TLSv1_2, None, False),
        (ssl.TLSVersion.TLSv1_2, "AES128-SHA", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA", True),
        (ssl.TLSVersion.TLSv1_1, "DEFAULT@SECLEVEL=0", True),
        (ssl.TLSVersion.TLSv1, "DEFAULT@SECLEVEL=0", True),
    ],
)
async def test_old_ways_of_encrypting_are_refused(
    folder: Path, version: ssl.TLSVersion, ciphers: str | None, refused: bool
) -> None:
    context = trusting(folder)
    if ciphers is not None:
        context.set_ciphers(ciphers)
    context.minimum_version = context.maximum_version = version
    async with served(folder) as town:
        if refused:
            with pytest.raises(aiohttp.ClientConnectorError):
                await status_of(town, context)
        else:
            assert await status_of(town, context) == 200


GOOD = re.compile(
    r"TLS_AES_\d+_GCM_SHA\d+|TLS_CHACHA20_POLY1305_SHA256|ECDHE-(ECDSA|RSA)-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305)"
)


async def test_only_suites_that_keep_past_talks_secret_are_agreed_on(folder: Path) -> None:
    """Every suite that OpenSSL knows is offered alone: what is agreed on is of the good ones, the strongest first."""
    offered = ssl.create_default_context()
    offered.set_ciphers("ALL:@SECLEVEL=0")
    names = sorted({one["name"] for one in offered.get_ciphers() if one["protocol"] != "TLSv1.3"})
    assert len(names) > 20
    agreed = {}
    async with served(folder) as town:
        port = town._serving.port  # type: ignore[union-attr]  # it is served
        for name in names:
            agreed[name] = await asyncio.to_thread(_hands_shaken, folder, port, name)
        preferred = await asyncio.to_thread(_hands_shaken, folder, port, "ALL")
    taken = {name for name, with_it in agreed.items() if with_it}
    assert taken
    assert all(GOOD.fullmatch(name) and agreed[name] == name for name in taken)
    assert preferred.startswith("ECDHE-ECDSA-AES256-GCM")


def _hands_shaken(folder: Path, port: int, ciphers: str) -> str:
    """The suite that client and town agree on over TLS 1.2; empty where they do not."""
    context = trusting(folder)
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                found = secure.cipher()
    except (ssl.SSLError, ConnectionError):
        return ""
    return found[0] if found else ""


async def test_a_new_certificate_is_taken_up_while_the_town_runs(folder: Path) -> None:
    async with served(folder) as town:
        before = await certificate_of(town, trusting(folder))
        key = folder / "authority" / "server.key"
        good = key.read_bytes()
        key.write_bytes(b"half written")
        assert town.keeping.encryption is not None
        assert not town.keeping.encryption.refresh()
        assert (await certificate_of(town, trusting(folder))).serial_number == before.serial_number
        key.write_bytes(good)
        Authority(folder).renew_server(utc_now())
        async with asyncio.timeout(DEADLINE):
            while (await certificate_of(town, trusting(folder))).serial_number == before.serial_number:
                await asyncio.sleep(0.1)


async def test_a_certificate_is_renewed_before_it_ends_and_its_end_is_said(folder: Path) -> None:
    async with served(folder) as town:
        connector = aiohttp.TCPConnector(ssl=trusting(folder))
        async with aiohttp.ClientSession(town.address, connector=connector) as client:
            async with client.get("/about?lang=en") as answer:
                assert "TLS certificate" in await answer.text()
        ahead = timedelta()
        keeping = Keeping(town.settings, town.identity, lambda: utc_now() + ahead)
        keeping.encryption = town.keeping.encryption
        await keeping.look()
        assert keeping.concerns() == []
        first = keeping.until
        assert first is not None
        ahead = timedelta(days=350)
        await keeping.look()
        assert keeping.until is not None
        assert keeping.until > first + timedelta(days=300)


async def test_the_end_of_a_given_certificate_is_a_concern_of_administrators(folder: Path) -> None:
    authority = folder / "authority"
    for name in ("server.pem", "server.key"):
        (folder / name).write_bytes((authority / name).read_bytes())
    text = '[server]\ncertificate = "server.pem"\ncertificate_key = "server.key"\n'
    (folder / "machinami.toml").write_text(text, encoding="utf-8")
    async with served(folder) as town:
        keeping = Keeping(town.settings, town.identity, lambda: utc_now() + timedelta(days=380))
        keeping.encryption = town.keeping.encryption
        await keeping.look()
        assert [one.kind for one in keeping.concerns()] == ["certificate"]
        connector = aiohttp.TCPConnector(ssl=trusting(folder))
        async with aiohttp.ClientSession(town.address, connector=connector) as client:
            for path in ("/", f"{ENTITIES}?type=River"):
                async with client.get(path) as answer:
                    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def key_of(folder: Path, capsys: pytest.CaptureFixture[str], use: str = "key") -> tuple[str, list[Path]]:
    """A program's key and its certificate."""
    words = ["admin", "key", "gauge", "--role", "officer", "--use", use, "--data", str(folder)]
    capsys.readouterr()
    assert enter(words) == 0
    key = capsys.readouterr().out.split("_")[1]
    assert enter(["certificate", "issue", "--key", key, "--data", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    return key, [Path(line.strip()) for line in lines[1:]]


def set_to(folder: Path, line: str) -> None:
    """Add a line to the settings of the server."""
    file = folder / "machinami.toml"
    file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")


@pytest.mark.parametrize("lane", [True, False])
async def test_a_certificate_stands_for_a_program_until_it_is_revoked(
    folder: Path, lane: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    set_to(folder, 'client_certificates = "accepted"')
    assert await asyncio.to_thread(enter, ["admin", "make", "aiko", "--data", str(folder)]) == 0
    key, files = await asyncio.to_thread(key_of, folder, capsys)
    assert stat.S_IMODE(files[1].stat().st_mode) == 0o600
    async with served(folder, lane) as town:
        assert await status_of(town, trusting(folder)) == 401
        shown = trusting(folder, *files)
        assert await status_of(town, shown) == 200
        assert await status_of(town, shown, "DELETE", headers={"Sec-Fetch-Site": "cross-site"}) == 403
        connector = aiohttp.TCPConnector(ssl=shown, limit=1)
        async with aiohttp.ClientSession(town.address, connector=connector) as client:
            path = f"{ENTITIES}?type=River"
            async with client.get(path) as answer:
                assert answer.status == 200
            revoked = await asyncio.to_thread(enter, ["certificate", "revoke", key, "--data", str(folder)])
            assert revoked == 0
            async with client.get(path) as answer:  # by the same connection
                assert answer.status == 401
        assert await status_of(town, shown) == 401
    listed = (folder / "authority" / "crl.pem").read_bytes()
    serial = x509.load_pem_x509_certificate(files[0].read_bytes()).serial_number
    crl = x509.load_pem_x509_crl(listed)
    assert crl.get_revoked_certificate_by_serial_number(serial) is not None
    assert crl.is_signature_valid(Authority(folder).certificate.public_key())  # type: ignore[arg-type]


async def test_where_certificates_are_demanded_nobody_comes_in_without_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_to(folder, 'client_certificates = "demanded"')
    assert await asyncio.to_thread(enter, ["admin", "make", "aiko", "--data", str(folder)]) == 0
    _, files = await asyncio.to_thread(key_of, folder, capsys)
    other = folder / "other"
    make_authority(other, "Other", (), (), utc_now())
    made, *strange = Authority(other).issue_device("abc", None, utc_now())
    assert made.kind == "device"
    async with served(folder) as town:
        assert await status_of(town, trusting(folder, *files)) == 200
        for context in (trusting(folder), trusting(folder, *strange)):
            with pytest.raises((aiohttp.ClientError, OSError)):
                await status_of(town, context)


def test_certificates_are_listed_with_what_became_of_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["certificate", "renew", "--data", str(folder)]) == 0
    first = Authority(folder).issued()[0].serial
    assert enter(["certificate", "revoke", first, "--data", str(folder)]) == 0
    capsys.readouterr()
    assert enter(["certificate", "list", "--data", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "revoked" in lines[0]
    assert "revoked" not in lines[1]
    assert os.listdir(folder / "authority")
