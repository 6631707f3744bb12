"""`machinami restore`: bring an installation, or one of its towns, back from an archive."""

import argparse
import asyncio
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from machinami.app.backups.bringing import Brought, bring_back
from machinami.app.backups.restoring import said
from machinami.app.backups.vault import open_vault
from machinami.app.erasing_again import erase_again
from machinami.app.sealing import KEY_FILE
from machinami.cli.guide import guide
from machinami.cli.progress import progress_bar
from machinami.foundation.errors import BadRequestData
from machinami.foundation.settings import Settings


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("restore", help="bring it back from an archive / 控えから戻す", **guide("restore"))
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="the folder of the archive")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder that is not there yet")
    parser.add_argument(
        "--town", metavar="NAME", help="this town alone; DIR may be an installation that has none of it"
    )
    parser.add_argument(
        "--at", metavar="TIME", help="as it was then: 2026-07-01T09:30, or with a zone (default: the last)"
    )
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="what opens the archive, where it is sealed")
    parser.add_argument("--keys", type=Path, metavar="DIR", help="a folder with the keys that are not in the archive")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Restore, and say what came back."""
    at = None if arguments.at is None else moment(arguments.at)
    vault = open_vault(arguments.archive, arguments.key_file)

    def draw(town: str) -> Any:
        bar = progress_bar(f"{town}, MB")
        return lambda done, of: bar(done // 1_000_000, of // 1_000_000)

    brought = bring_back(vault, arguments.data, arguments.town, at, arguments.keys, draw)
    again = 0
    left: list[str] = []
    if brought.erased and not brought.locked:
        again, left = asyncio.run(erase_again(arguments.data, _as_there(brought.erased, arguments)))
    if arguments.json:
        rows = [
            {n: v for n, v in asdict(one).items() if n not in ("files", "house", "digest")} for one in brought.towns
        ]
        told = {"towns": rows, "keys": brought.keys, "destroyed": brought.destroyed, "locked": brought.locked}
        print(json.dumps({**told, "erasedAgain": again, "left": left}, ensure_ascii=False, indent=1))
    else:
        _say(brought, again, left, arguments)
    return 0


def moment(text: str) -> float:
    """Seconds since 1970 of what a person wrote; in the zone of Japan where they name none. Raises BadRequestData."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadRequestData(f"{text[:40]!r} is no moment; write 2026-07-01T09:30, or 2026-07-01T00:30Z") from None
    return (read if read.tzinfo else read.replace(tzinfo=ZoneInfo(Settings(Path()).time_zone))).timestamp()


def _as_there(erased: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    """By the name that a town has in the folder: one that came by itself is its default town."""
    if arguments.town is None or (arguments.data / "towns" / arguments.town).is_dir():
        return erased
    return dict.fromkeys(("default",), *erased.values())


def _say(brought: Brought, again: int, left: list[str], arguments: argparse.Namespace) -> None:
    for one in brought.towns:
        print(
            f"○ {one.town}: {said(one.at)} の状態に戻しました（変更 {one.seq} まで） / as it was then, up to change "
            f"{one.seq}: {one.bytes:,} bytes, {len(one.files)} files, {one.seconds:.1f} s"
        )
        for fault in one.salvaged:
            print(f"  ! {fault}")
    if brought.destroyed:
        print(f"  消去ずみの鍵 {brought.destroyed} 個をふたたび消しました / destroyed keys are destroyed again")
    if again:
        print(f"  その後に消去された {again} 人分をふたたび消去しました / erased again, as had been asked since")
    if not (arguments.data / KEY_FILE).exists():
        print(
            f"! {arguments.data}/{KEY_FILE} がありません。"
            "元の identity.key と keys/ をここへ戻すか、--keys で示してください / "
            "put identity.key and keys/ back here from where they are kept, or name them by --keys"
        )
    for town in brought.locked:
        print(
            f"! {town} の鍵がありません。keys/ に戻してください / its key is missing: put it into {arguments.data}/keys"
        )
    if brought.locked and brought.erased:
        left.append("the erasures that were asked for since were not done again, as the key is missing")
    for line in left:
        print(f"! {line}")
    print(f"  machinami serve --data {arguments.data}")
    print("  この場所を今後の街にするとき / to have it go on with the same archive:", end=" ")
    print(f"machinami takeover --data {arguments.data}")
