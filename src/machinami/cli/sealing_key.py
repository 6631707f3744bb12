"""`machinami sealing-key`: have a fresh key seal what the installation must read again."""

import argparse
from pathlib import Path

from machinami.app.sealing import KEY_FILE, renew_sealing_key
from machinami.cli.guide import guide
from machinami.foundation.errors import NotFound


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "sealing-key", help="a fresh key for what is kept sealed / 封印の鍵を新しくする", **guide("sealing-key")
    )
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    renewing = acts.add_parser("renew", help="a fresh key seals from the next start on / 次に始めたときから新しい鍵で")
    renewing.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Renew the key."""
    file = arguments.data / KEY_FILE
    if not file.exists():
        raise NotFound(f"{file} is not there: name the folder of a town that has been started before")
    count = renew_sealing_key(arguments.data)
    print(f"{file}: 新しい鍵で封印します（前の鍵 {count - 1} 個も残ります）")
    print(f"A fresh key seals from the next start on; {count - 1} before it still open what they sealed.")
    print("動いている街は、始めなおすと新しい鍵を使います / A town that runs takes it when it is started again.")
    return 0
