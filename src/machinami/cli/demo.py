"""`machinami demo`: open a simulated town with a storm coming, in a folder of its own."""

import argparse
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from machinami.app.configuration import read, section_of
from machinami.app.ground import data_folder
from machinami.cli.guide import guide
from machinami.cli.serve import add_serving_options, serve_until_stopped, with_options
from machinami.foundation.settings import Simulation

_GREETING = """\
街並町（まちなみちょう）は、地形も雨も川も人もすべて計算でつくった架空の街です。まもなく大雨が来ます。
Machinami-cho is a simulated town: land, rain, rivers and people are all computed. A storm is coming.
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo", help="see a simulated town at work / 架空の街を動かしてみる", **guide("demo")
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the town here (default: thrown away at the end)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed is another town (default: 1)")
    parser.add_argument(
        "--speed", type=float, default=150.0, metavar="N",
        help="how many times faster than the clock the storm comes (default: 150)",
    )  # fmt: skip
    add_serving_options(parser)
    parser.add_argument(
        "--open", dest="protected", action="store_false", help="open to all on this machine, without administrator"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve the simulated town."""
    wanted = {"seed": arguments.seed, "speed": arguments.speed}
    simulation = Simulation(**section_of("the command line", "simulation", wanted, Path()))
    kept = arguments.data is not None
    folder = data_folder(arguments.data) if kept else Path(tempfile.mkdtemp(prefix="machinami-demo-"))
    try:
        settings = replace(with_options(read(folder), arguments), simulation=simulation)
        return serve_until_stopped(settings, arguments, _GREETING, signed_in=arguments.protected and not kept)
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
