"""How does an installation get a new release, so that it has the old or the new one, and nothing is lost on the way?

The towns' folders are copied while nobody has them; the copies are brought to the new form, looked through and started
once, by the new release; only then do they take the place of the folders, which stay as they were beside them. Until
then a failure leaves nothing but the words about it. What a power cut broke off is finished or undone by the next call.
"""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from machinami.app.delivery.bundle import Bundle
from machinami.app.delivery.installing import (
    RELEASES,
    Installation,
    Say,
    add_release,
    call,
    check_machine,
    check_room,
    check_signer,
    executable,
    made_of,
)
from machinami.app.durable import copy_file, read_json, sync_folder, write_json
from machinami.foundation.errors import InputError, InUse
from machinami.store.sqlite.backend import FILE, LOCK
from machinami.store.sqlite.lock import lock

JOURNAL = "upgrade.json"
_SHUT_SECONDS, _OPEN_SECONDS = 90.0, 120.0
_LEFT_OUT = (LOCK, "town.sqlite-shm")


def upgrade(installation: Installation, bundle: Bundle, quick: bool, say: Say, older: bool = False) -> str:
    """Bring the installation to the release of a bundle; the name of the release. quick: see `bring_forward`; older: a
    bundle may be taken that was made before the one that runs.

    Raises InputError, after which everything is as it was.
    """
    check_signer(bundle, installation.signer)
    check_machine(bundle)
    settle(installation, say)
    if bundle.name == installation.current:
        return bundle.name
    _demand_newer(installation, bundle, older)
    release = add_release(bundle, installation.prefix, say)
    with _shut(installation, say):
        _prepare(installation, release, quick, say)
        _switch(installation, release.name, say)
    _drop_unused(installation)
    call([str(executable(release, "machinami")), "upgrade"])  # what starts the town is as the new release has it
    return release.name


def _demand_newer(installation: Installation, bundle: Bundle, older: bool) -> None:
    """Raise InputError for a bundle that is older than what runs: it was rightly signed once, and would bring back what
    was mended since."""
    made = made_of(installation.prefix / RELEASES / installation.current)
    if made and bundle.made < made and not older:
        raise InputError(
            f"{bundle.path} は {bundle.made} に作られた、いまの版（{made}）より古い版です。"
            "直したはずの不具合が戻るため、入れません。"
            "前の版とデータに戻すには upgrade --undo、それでも入れるには --older をつけてください。 / "
            f"{bundle.path} was made at {bundle.made}, before the release that runs ({made}), and would bring "
            "back what "
            "was mended since; nothing was changed. To go back to the release and the data of before: upgrade "
            "--undo; to "
            "install it all the same: --older"
        )


def undo(installation: Installation, say: Say) -> str:
    """Go back to the release before and to its folders as they were; the folders of now stay beside them. Returns the
    name of the release. Raises InputError where nothing was kept."""
    settle(installation, say)
    release = _before(installation)
    with _shut(installation, say):
        now = installation.current
        write_json(installation.prefix / JOURNAL, {"step": "switching", "to": release, "from": now, "undo": True})
        _finish(installation, say)
    return release


def settle(installation: Installation, say: Say) -> None:
    """Finish or undo what an earlier call was broken off in."""
    journal = read_json(installation.prefix / JOURNAL)
    if journal is None:
        return
    if journal["step"] == "switching":
        _finish(installation, say)
    else:
        say("途中で止まった更新を取り消しています", "Undoing an upgrade that was broken off")
        _forget(installation)


def _prepare(installation: Installation, release: Path, quick: bool, say: Say) -> None:
    """Have copies of the folders stand ready in the new form; whatever fails takes them away again."""
    journal = {"step": "preparing", "to": release.name, "from": installation.current}
    write_json(installation.prefix / JOURNAL, journal)
    how = ["--quick"] if quick else []
    old = installation.prefix / RELEASES / installation.current
    try:
        for data in installation.data:
            copy = _beside(data, "upgrade")
            _check_room(data)
            say("写しを作っています", f"Copying {data}")
            _copy(data, copy)
            before = _ask(old, copy, "--quick")
            say("新しい形式にして調べています", "Bringing the copy to the new form, and looking through it")
            after = _ask(release, copy, "--start", *how)
            _hand_over(data, copy)
            if before != after:
                raise InputError(
                    f"新しい形式にすると {data} の中身が変わります。何も変えていません。 / "
                    f"{data} does not hold the same "
                    f"afterwards; everything is as it was: {_difference(before, after)}"
                )
    except BaseException:
        _forget(installation)
        raise


def _switch(installation: Installation, release: str, say: Say) -> None:
    journal = {"step": "switching", "to": release, "from": installation.current, "undo": False}
    for data in installation.data:  # what was kept of the upgrade before makes room
        shutil.rmtree(_beside(data, "before"), ignore_errors=True)
    write_json(installation.prefix / JOURNAL, journal)
    _finish(installation, say)
    if not installation.service:
        return
    _systemd("start", installation.service)
    if not _answers(installation.port):
        say("新しい版が応えないので、もとに戻しています", "The new release does not answer; going back")
        _systemd("stop", installation.service)
        undo_to = {"step": "switching", "to": journal["from"], "from": release, "undo": True}
        write_json(installation.prefix / JOURNAL, undo_to)
        _finish(installation, say)
        raise InputError(
            f"新しい版 {release} は {_OPEN_SECONDS:.0f} 秒たっても応えません。前の版とデータに戻しました。 / "
            f"The release {release} did "
            f"not answer within {_OPEN_SECONDS:.0f} seconds; the one before runs, with its data"
        )


def _finish(installation: Installation, say: Say) -> None:
    """Have every folder take its place and the release be the one that runs; can be called again after a crash."""
    journal = read_json(installation.prefix / JOURNAL)
    coming, going = ("before", "after") if journal["undo"] else ("upgrade", "before")
    say("入れ替えています", f"Turning to {journal['to']}")
    for data in installation.data:
        new, old = _beside(data, coming), _beside(data, going)
        if new.exists():
            if data.exists():
                shutil.rmtree(old, ignore_errors=True)
                data.rename(old)
            new.rename(data)
            sync_folder(data.parent)
    installation.turn_to(journal["to"])
    write_json(installation.prefix / "before.json", {"release": "" if journal["undo"] else journal["from"]})
    (installation.prefix / JOURNAL).unlink()


def _before(installation: Installation) -> str:
    kept = read_json(installation.prefix / "before.json")
    release = str(kept["release"]) if kept else ""
    missing = [str(path) for path in (_beside(data, "before") for data in installation.data) if not path.exists()]
    if not release or missing:
        raise InputError(
            "戻れる版がありません。まだ新しくしていないか、もう戻してあります。 / "
            "There is no release to go back to: nothing was "
            "upgraded yet, or it was undone already"
        )
    return release


def _forget(installation: Installation) -> None:
    for data in installation.data:
        shutil.rmtree(_beside(data, "upgrade"), ignore_errors=True)
    (installation.prefix / JOURNAL).unlink(missing_ok=True)


def _drop_unused(installation: Installation) -> None:
    """Keep the release that runs and the one before."""
    kept = {installation.current, (read_json(installation.prefix / "before.json") or {}).get("release", "")}
    for release in (installation.prefix / RELEASES).iterdir():
        if release.name not in kept:
            shutil.rmtree(release, ignore_errors=True)


@contextmanager
def _shut(installation: Installation, say: Say) -> Iterator[None]:
    """Nobody has the folders meanwhile. A service that systemd runs is stopped, and started again where the upgrade
    failed; a town that was started by hand must be stopped by hand. Raises InUse."""
    stopped = bool(installation.service) and _systemd("is-active", installation.service, check=False)
    if stopped:
        say("街を止めています", f"Stopping {installation.service}")
        _systemd("stop", installation.service)
    try:
        with ExitStack() as held:
            for data in installation.data:
                for file in sorted((data / "towns").glob(f"*/{FILE}")):
                    held.enter_context(_held(file.with_name(LOCK)))
            yield
    except BaseException:
        if stopped:
            with suppress(InputError):
                _systemd("start", installation.service)
        raise


@contextmanager
def _held(path: Path) -> Iterator[None]:
    try:
        connection = lock(path)
    except InUse as error:
        raise InputError(
            f"{path.parent} は動いています。先に街を止めて、もう一度実行してください。何も変えていません。 / "
            f"{path.parent} is in use: "
            "stop the town first, then call this again; nothing was changed"
        ) from error
    try:
        yield
    finally:
        connection.close()


def _systemd(act: str, service: str, check: bool = True) -> bool:
    try:
        done = subprocess.run(["systemctl", act, service], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise InputError("systemctl is not here, and the installation says that systemd runs the town") from error
    if check and done.returncode:
        raise InputError(f"systemctl {act} {service} ended with {done.returncode}: {done.stderr.strip()}")
    return done.returncode == 0


def _answers(port: int) -> bool:
    until = time.monotonic() + _OPEN_SECONDS
    while time.monotonic() < until:
        with (
            suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5),
        ):
            return True
        time.sleep(0.5)
    return False


def _beside(data: Path, what: str) -> Path:
    return data.with_name(f"{data.name}.{what}")


def _files(data: Path) -> Iterator[Path]:
    return (path for path in sorted(data.rglob("*")) if path.is_file() and path.name not in _LEFT_OUT)


def _check_room(data: Path) -> None:
    check_room(data.parent, sum(path.stat().st_size for path in _files(data)) * 5 // 4)


def _copy(data: Path, target: Path) -> None:
    """Copy a folder durably, with the rights of what is in it."""
    shutil.rmtree(target, ignore_errors=True)
    for folder in [data, *(path for path in sorted(data.rglob("*")) if path.is_dir())]:
        made = target / folder.relative_to(data)
        made.mkdir(parents=True)
        _as(folder, made)
    for file in _files(data):
        made = target / file.relative_to(data)
        copy_file(file, made)
        _as(file, made)


def _as(source: Path, made: Path) -> None:
    about = source.stat()
    made.chmod(about.st_mode & 0o7777)
    _belong(source, made)


def _hand_over(data: Path, copy: Path) -> None:
    """Give what the new release has made to whose the folder is: who upgrades may be root, who runs the town "
    "is not."""
    for made in copy.rglob("*"):
        was = data / made.relative_to(copy)
        _belong(was if was.exists() else data, made)


def _belong(source: Path, made: Path) -> None:
    about = source.stat()
    with suppress(OSError, AttributeError):  # not root, or Windows
        os.chown(made, about.st_uid, about.st_gid)


def _ask(release: Path, data: Path, *words: str) -> Any:
    """What a release says of a folder that it has brought to its form."""
    command: Sequence[str] = [str(executable(release, "machinami")), "migrate", "--data", str(data), "--json", *words]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, capture_output=True, text=True, env=own, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise InputError(
            f"版 {release.name} では、写しが動きません。何も変えていません（街は元の版のままです）。 / "
            f"The release {release.name} does "
            f"not take the copy; everything is as it was. It says: {said}"
        )
    return json.loads(done.stdout.splitlines()[-1])["towns"]


def _difference(before: Any, after: Any) -> str:
    return "; ".join(
        f"{name}: {before.get(name)} before, {after.get(name)} after" for name in sorted({*before, *after})
    )
