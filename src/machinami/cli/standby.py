"""`machinami standby`: have a second machine follow an archive, ready to be the town."""

import argparse
import time
from pathlib import Path

from machinami.app.backups.following import SECONDS, Lag, Standby, hold, is_wanted
from machinami.app.backups.vault import open_vault
from machinami.cli.guide import guide


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("standby", help="follow an archive, ready / 待機系として追う", **guide("standby"))
    parser.add_argument(
        "--of", type=Path, required=True, metavar="ARCHIVE", help="the folder that the town is copied to"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder of its own on this machine")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="what opens the archive, where it is sealed")
    parser.add_argument("--once", action="store_true", help="take up what there is, and end")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Follow until it is told to stop, or to take over."""
    held = hold(arguments.data)
    try:
        standby = Standby(open_vault(arguments.of, arguments.key_file), arguments.data, arguments.key_file)
        if not arguments.once:
            print(f"Machinami standby: {arguments.data}   (Ctrl-C: stop 止める)", flush=True)
        told = ""
        while True:
            lag = standby.step()
            if (line := _line(lag)) != told:
                told = line
                print(line, flush=True)
            if arguments.once:
                return 1 if lag.faults else 0
            if is_wanted(arguments.data):
                print("引き継ぎのため終わります / ends, as this machine takes over", flush=True)
                return 0
            time.sleep(SECONDS)
    finally:
        held.close()


def _line(lag: Lag) -> str:
    """What is behind, in words that change only when something does."""
    if lag.faults:
        return "! " + "; ".join(lag.faults)
    behind = next((f"< {bound} s" for bound in (2, 5, 15, 60, 300, 3_600) if lag.seconds < bound), "> 1 h")
    return f"遅れ / behind: {behind}" + (f", {lag.changes} changes" if lag.changes else "")
