"""Is a bundle taken only whole, and signed by who was named; and does one install a town where nothing is there?"""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.app.delivery.releases import bundle, python

from machinami.app.delivery.bundle import fingerprint, read_bundle
from machinami.app.delivery.installing import add_release, check_room, unpacked
from machinami.app.delivery.making import make_key, read_key
from machinami.foundation.errors import InputError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = fingerprint(KEY.public_key().public_bytes_raw())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("made"), KEY, "1.0")


def test_a_bundle_says_what_it_is_and_who_signed_it(made: Path) -> None:
    found = read_bundle(made)
    assert (found.version, found.signer, found.made) == ("1.0", SIGNER, "2026-04-01T00:00:00Z")
    assert any(name.startswith("wheels/machinami_release") for name in found.files)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_a_bundle_can_be_changed_unseen(made: Path, tmp_path: Path, data: st.DataObject) -> None:
    original = made.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[at] ^= data.draw(st.integers(1, 255))
    copy = tmp_path / "changed.pyz"
    copy.write_bytes(bytes(changed))
    try:
        found = read_bundle(copy)
    except InputError:
        return
    # A few bytes of a ZIP mean nothing (times, rights); what is in it is what was signed.
    assert found.digest == read_bundle(made).digest


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("wheels/more.whl", b"more", "not in the manifest"),
        ("manifest.json", b"{}", "signature is not of this manifest"),
    ],
)
def test_what_was_put_into_a_bundle_is_told(made: Path, tmp_path: Path, name: str, content: bytes, said: str) -> None:
    copy = tmp_path / "changed.pyz"
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(copy, "w") as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        new.writestr(name, content)
    with pytest.raises(InputError, match=said):
        read_bundle(copy)


@pytest.mark.parametrize(("content", "said"), [(None, "There is no file"), (b"half of it", "is no bundle")])
def test_what_is_no_bundle_is_said_so(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "some.pyz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_bundle(file)


def test_a_key_for_signing_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    file = tmp_path / "signing.pem"
    key = make_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_key(file).public_key() == key.public_key()
    with pytest.raises(InputError, match="is there already"):
        make_key(file)
    with pytest.raises(InputError, match="make one with"):
        read_key(tmp_path / "none.pem")


def install(made: Path, prefix: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [python(), "-I", str(made), "--to", str(prefix), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, check=False)


def test_a_bundle_installs_a_town_with_python_alone(made: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "opt"
    done = install(made, prefix, "--signer", SIGNER.upper(), "--data", str(tmp_path / "town"))
    assert done.returncode == 0, done.stderr
    link = tmp_path / "machinami"
    link.symlink_to(prefix / "machinami")
    said = subprocess.run([link, "migrate", "--data", tmp_path / "town", "--json"], capture_output=True, text=True)
    assert json.loads(said.stdout)["towns"] == {}, said.stderr
    unit = (prefix / "machinami.service").read_text("utf-8")
    assert f"ExecStart={prefix}/machinami serve --data {tmp_path / 'town'} --port 1026" in unit

    again = install(made, prefix, "--signer", SIGNER)
    assert again.returncode == 1
    assert "renew it with" in again.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [(("--signer", "0000-0000"), "is signed by"), ((), "Say who must have signed it")],
)
def test_nothing_is_installed_unless_the_signer_is_who_was_named(
    made: Path, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    done = install(made, tmp_path / "opt", *more)
    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / "opt" / "machinami").exists()


def test_a_disk_without_room_for_a_release_is_told_before_anything_is_written(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="make room, then call this again"):
        check_room(tmp_path / "not" / "there" / "yet", 1 << 60)
    found = read_bundle(made)
    release = add_release(found, tmp_path, lambda ja, en: None)
    taken = sum(path.lstat().st_blocks * 512 for path in release.rglob("*"))
    assert taken < unpacked(found)
