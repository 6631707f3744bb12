"""`machinami standby`: have a second machine follow an archive, or a running town, ready to be the town."""

import argparse
import os
import time
from pathlib import Path

from machinami.app.backups.following import SECONDS, Lag, Standby, hold, is_wanted, mirror_of, missing_keys
from machinami.app.backups.house import MIRROR
from machinami.app.backups.mirroring import Mirror, Town, shown_progress
from machinami.app.backups.vault import open_vault
from machinami.app.configuration import read
from machinami.app.visiting import KEY_VARIABLE, read_key
from machinami.cli.guide import guide
from machinami.cli.key_options import add_trust_option
from machinami.cli.version import installed_version
from machinami.foundation.errors import MachinamiError


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("standby", help="follow a town, ready / 待機系として追う", **guide("standby"))
    parser.add_argument(
        "--of", required=True, metavar="ARCHIVE|URL", help="the folder that the town is copied to, or its address"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder of its own on this machine")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="what opens the archive, where it is sealed")
    parser.add_argument("--once", action="store_true", help="take up what there is, and end")
    group = parser.add_argument_group("a key of the town, with the scope standby / 街のかぎ")
    group.add_argument("--key", metavar="KEY", help=f"the key itself (better: set {KEY_VARIABLE}, which nobody sees)")
    group.add_argument("--town-key-file", type=Path, metavar="FILE", help="the file that holds it")
    add_trust_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Follow until it is told to stop, or to take over."""
    held = hold(arguments.data)
    mirror = _mirror(arguments)
    try:
        if mirror is not None:
            _begin(mirror)
        vault = open_vault(Path(arguments.of), arguments.key_file) if mirror is None else mirror.vault()
        return _follow(Standby(vault, arguments.data, arguments.key_file, mirror), arguments)
    finally:
        if mirror is not None:
            mirror.close()
        held.close()


def _mirror(arguments: argparse.Namespace) -> Mirror | None:
    """By which a running town is followed, where its address is named. What was kept of it need not be said again."""
    if not arguments.of.startswith(("https://", "http://")):
        return None
    key = read_key(arguments.key, arguments.town_key_file, os.environ, KEY_VARIABLE)
    known = mirror_of(arguments.data, arguments.key_file, installed_version())
    if known is not None and known.town.url == arguments.of.rstrip("/") and key is None:
        return known
    plain = read(arguments.data).plain_targets
    town = Town(arguments.of.rstrip("/"), key, arguments.ca_file and arguments.ca_file.absolute(), plain)
    return Mirror(town, arguments.data / MIRROR, arguments.key_file, installed_version())


def _begin(mirror: Mirror) -> None:
    """Ask the town for the first time; where it is away, what is here already is followed. Raises what it refuses."""
    try:
        mirror.pull(0.0, 0)
    except MachinamiError:
        if not mirror.has_archive:
            raise


def _follow(standby: Standby, arguments: argparse.Namespace) -> int:
    if not arguments.once:
        print(f"Machinami standby: {arguments.data}   (Ctrl-C: stop 止める)", flush=True)
    told = ""
    while True:
        lag = standby.step()
        if (line := _line(lag)) != told:
            told = line
            print(line, flush=True)
            for remark in missing_keys(arguments.data):
                print(f"! {remark}", flush=True)
        if is_wanted(arguments.data):
            print("引き継ぎのため終わります / ends, as this machine takes over", flush=True)
            return 0
        if lag.coming is not None and not _is_stuck(lag):
            continue
        if arguments.once:
            return 1 if lag.faults else 0
        time.sleep(SECONDS)


def _is_stuck(lag: Lag) -> bool:
    return any("whole copy" not in fault for fault in lag.faults)


def _line(lag: Lag) -> str:
    """What is behind, in words that change only when something does."""
    if lag.coming is not None:
        return f"全体を取っています / {shown_progress(lag.coming)}"
    if lag.faults:
        return "! " + "; ".join(lag.faults)
    behind = next((f"< {bound} s" for bound in (2, 5, 15, 60, 300, 3_600) if lag.seconds < bound), "> 1 h")
    return f"遅れ / behind: {behind}" + (f", {lag.changes} changes" if lag.changes else "")
