"""`machinami bench`: measure what each operation costs, beside `bare` (the same server stack with fixed answers)."""

import argparse
import json
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from machinami.bench.course import Target
from machinami.bench.guarded import compare
from machinami.bench.measure import LARGE, SCALES
from machinami.bench.measure import run as measure
from machinami.bench.traffic import OPERATIONS
from machinami.cli.guide import guide
from machinami.cli.key_options import add_key_options, pass_of
from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import FULL, NORMAL


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("bench", help="measure this machine / 速さを測る", **guide("bench"))
    parser.add_argument("--large", action="store_true", help=f"also with {LARGE:,} entities (takes long)")
    parser.add_argument("--scale", type=int, action="append", metavar="N", help="with N entities instead (repeatable)")
    names = [operation.name for operation in OPERATIONS]
    parser.add_argument("--only", choices=names, action="append", default=[], help="this operation only (repeatable)")
    parser.add_argument("--durability", choices=[NORMAL, FULL, "both"], default=NORMAL)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each operation is measured (default: 3)")
    parser.add_argument("--peer", metavar="URL", help="measure another NGSI-LD broker that runs at this address")
    parser.add_argument("--peer-pid", type=int, metavar="PID", help="its process, for its CPU time")
    add_key_options(parser, whose="a protected --peer")
    parser.add_argument(
        "--protected", action="store_true", help="what protection costs: an open and a protected town, in turns"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    if not arguments.seconds > 0 or min(arguments.scale or [1]) < 1:
        raise SettingsError("--seconds must be more than 0, and each --scale at least 1")
    scales = arguments.scale or ((*SCALES, LARGE) if arguments.large else SCALES)
    if arguments.protected:
        return _compare(arguments, scales)
    durabilities = (NORMAL, FULL) if arguments.durability == "both" else (arguments.durability,)
    found = measure(scales, arguments.seconds, durabilities, _tell, _peer(arguments), arguments.only)
    _tell("")
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    print(f"{'operation':18}{'entities':>10} {'durability':11}{'CPU µs':>9}{'x bare':>8}{'p50 ms':>9}{'p99 ms':>9}")
    for row in found["rows"]:
        cpu = "-" if row["cpu_us"] is None else f"{row['cpu_us']:.1f}"
        ratio = "-" if row["ratio_to_bare"] is None else f"{row['ratio_to_bare']:.2f}"
        print(
            f"{row['operation']:18}{row['entities']:>10} {row['durability']:11}{cpu:>9}{ratio:>8}"
            f"{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}"
        )
    if "rss_mb" in found:
        print(f"memory {found['rss_mb']} MB, start {found['start_ms']} ms (last scale)")
    return 0


def _compare(arguments: argparse.Namespace, scales: Sequence[int]) -> int:
    durability = NORMAL if arguments.durability == "both" else arguments.durability
    found = compare(scales, arguments.seconds, durability, _tell, arguments.only)
    _tell("")
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    print(f"{'operation':18}{'entities':>10}{'open µs':>10}{'protected µs':>14}{'ratio':>8}")
    for row in found["rows"]:
        print(
            f"{row['operation']:18}{row['entities']:>10}{row['open_us']:>10.1f}{row['protected_us']:>14.1f}"
            f"{row['ratio']:>8.3f}"
        )
    return 0


def _peer(arguments: argparse.Namespace) -> Target | None:
    if arguments.peer is None:
        return None
    address = urlsplit(arguments.peer)
    if address.scheme != "http" or not address.hostname:
        raise SettingsError(f"--peer {arguments.peer!r} is no address like http://127.0.0.1:1026")
    shown = pass_of(arguments)
    shown.fields(arguments.peer)  # never in the clear over the network
    return Target(address.hostname, address.port or 80, arguments.peer_pid, shown.key)


def _tell(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)
