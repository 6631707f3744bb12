"""`machinami takeover`: have this machine be the town from now on."""

import argparse
from pathlib import Path

from machinami.app.backups.following import archive_of, hold_for_takeover, mirror_of
from machinami.app.backups.succeeding import Takeover, take_over
from machinami.app.configuration import read
from machinami.cli.guide import guide
from machinami.cli.serve import add_serving_options, serve_until_stopped, with_options
from machinami.cli.version import installed_version


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("takeover", help="be the town from now on / 引き継ぐ", **guide("takeover"))
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="a standby, or a folder that was restored"
    )
    parser.add_argument("--of", type=Path, metavar="ARCHIVE", help="the archive (default: the one that it follows)")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="what opens the archive, where it is sealed")
    parser.add_argument("--only", action="store_true", help="take over without serving: something else starts it")
    add_serving_options(parser)
    parser.set_defaults(run=run)


def _take_over(data: Path, folder: Path | None, key: Path | None) -> Takeover:
    archive, mirror = archive_of(data, folder, key), mirror_of(data, None, installed_version())
    if mirror is None:
        return take_over(data, archive, key)
    try:
        return take_over(data, mirror.vault(), None, mirror, archive)
    finally:
        mirror.close()


def run(arguments: argparse.Namespace) -> int:
    """Take over, and serve."""
    settings = read(arguments.data)
    held = hold_for_takeover(arguments.data)
    try:
        folder, key = arguments.of or settings.backup_to, arguments.key_file or settings.backup_key
        found = _take_over(arguments.data, folder, key)
    finally:
        held.close()
    until = f"（{found.until} まで / until then）" if found.until else ""
    print(f"○ この場所が街になりました / this is the town from now on{until}", flush=True)
    for remark in found.remarks:
        print(f"! {remark}", flush=True)
    if arguments.only:
        return 0
    return serve_until_stopped(with_options(settings, arguments), arguments)
