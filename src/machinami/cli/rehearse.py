"""`machinami rehearse`: prove that the last backup can be restored."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from machinami.app.backups.rehearsing import rehearse
from machinami.app.backups.vault import open_vault
from machinami.app.configuration import read
from machinami.cli.guide import guide
from machinami.cli.progress import progress_bar
from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import Settings


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("rehearse", help="prove the backup / 控えから戻せるか確かめる", **guide("rehearse"))
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", nargs="?", help="the folder of the archive")
    parser.add_argument("--data", type=Path, metavar="DIR", help="or the data folder whose machinami.toml names it")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="what opens the archive, where it is sealed")
    parser.add_argument("--keys", type=Path, metavar="DATA", help="the data folder whose keys open encrypted towns")
    parser.add_argument(
        "--in", type=Path, metavar="DIR", dest="place", help="where there is room (default: temporary files)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Rehearse; 1 where the backup cannot be restored as it should be."""
    settings = Settings(Path()) if arguments.data is None else read(arguments.data)
    archive, key = arguments.archive or settings.backup_to, arguments.key_file or settings.backup_key
    if archive is None:
        raise SettingsError("Say which archive: machinami rehearse ARCHIVE; or --data DIR where its settings name one")
    vault = open_vault(archive, key)

    def draw(town: str) -> Any:
        bar = progress_bar(f"{town}, MB")
        return lambda done, of: bar(done // 1_000_000, of // 1_000_000)

    found = rehearse(vault, arguments.keys or arguments.data, arguments.place, draw)
    if arguments.json:
        print(json.dumps(asdict(found), ensure_ascii=False, indent=1))
        return 0 if found.is_well else 1
    for town, held in found.towns.items():
        print(f"  {town}: {held['entities']:,} entities, {held['past']:,} past values, change {held['changes']:,}")
    if found.is_well:
        print(f"○ {found.until} の状態に戻せました / can be restored: {found.bytes:,} bytes in {found.seconds:.1f} s")
    for fault in found.faults:
        print(f"✕ {fault}")
    return 0 if found.is_well else 1
