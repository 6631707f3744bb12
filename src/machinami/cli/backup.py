"""`machinami backup`: copy an installation into an archive, whether it runs or not."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from machinami.app.backups.asking import COPIES, copy_stopped
from machinami.app.backups.scheduling import Target
from machinami.app.configuration import read
from machinami.app.knocking import beside
from machinami.cli.guide import guide
from machinami.cli.progress import progress_bar
from machinami.foundation.errors import InUse, SettingsError
from machinami.foundation.settings import Settings


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("backup", help="copy the towns elsewhere / 控えを取る", **guide("backup"))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    parser.add_argument("--to", type=Path, metavar="ARCHIVE", help="a folder elsewhere (default: as in machinami.toml)")
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help="what seals the archive; made where it is not there"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Copy, and say what came of it."""
    if not (arguments.data / "towns").is_dir():
        raise SettingsError(f"{arguments.data} holds no town yet")
    settings = read(arguments.data)
    to, key = arguments.to or settings.backup_to, arguments.key_file or settings.backup_key
    if to is None:
        raise SettingsError("Say where to: --to ARCHIVE, a folder on another disk or machine")
    is_new = key is not None and not key.exists()
    told = asyncio.run(
        _copy(settings, Target(to.absolute(), key and key.absolute(), keep=settings.backup_days * 86_400.0))
    )
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _say(told, key if is_new else None)
    return 0


async def _copy(settings: Settings, target: Target) -> Any:
    bars: dict[str, Any] = {}

    def show(town: str, done: int, of: int) -> None:
        bars.setdefault(town, progress_bar(f"{town}, MB"))(done // 1_000_000, of // 1_000_000)

    try:
        return await copy_stopped(settings, target, show)
    except InUse as held:
        async with beside(settings.data, held) as running:
            said = {"to": str(target.folder), "key": str(target.key_file) if target.key_file else None}
            return (await running.ask("POST", COPIES, said))[0]


def _say(told: Any, made: Path | None) -> None:
    for one in told["towns"]:
        print(
            f"○ {one['town']}: {one['until']} まで控えました / copied until then: {one['size']:,} bytes, "
            f"{one['taken']:,} new in the archive"
        )
    if made is not None:
        print(f"鍵をつくりました。別の場所に保管してください。なくすと何も戻せません / keep this key apart: {made}")
    if told["apart"]:
        print("次の鍵は控えに入っていません。別に保管してください / not in the archive; keep these apart, too:")
        print("\n".join(f"  {one}" for one in told["apart"]))
    if not told["sealed"]:
        print("この控えは暗号化されていません（--key-file FILE） / who has this archive can read it")
