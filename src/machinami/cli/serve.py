"""`machinami serve`: run a town until it is told to stop."""

import argparse
import asyncio
import logging
import signal
from dataclasses import replace
from pathlib import Path

from machinami.app.configuration import read
from machinami.app.ground import data_folder, fast_loop
from machinami.app.logbook import open_log
from machinami.app.running import TownOS
from machinami.cli.guide import guide
from machinami.cli.version import installed_version
from machinami.foundation.errors import MachinamiError, SettingsError
from machinami.foundation.settings import FULL, NORMAL, Settings


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("serve", help="run a town / 街を動かす", **guide("serve"))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    add_serving_options(parser)
    parser.set_defaults(run=run)


def add_serving_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command that serves has."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=1026, help="port to listen on; 0 takes a free one (default: 1026)")
    parser.add_argument("--verbose", action="store_true", help="say more in the log")
    rare = parser.add_argument_group("rarely needed")
    rare.add_argument("--durability", choices=[NORMAL, FULL], help="normal survives a crash, full also a power cut")
    rare.add_argument(
        "--instance-limit", type=int, metavar="N", help="past values of an attribute in one answer (default: 2000)"
    )
    rare.add_argument("--no-fast-lane", action="store_true", help="serve hot requests the plain way too, to compare")


def run(arguments: argparse.Namespace) -> int:
    """Serve the town in the folder."""
    settings = with_options(read(data_folder(arguments.data)), arguments)
    return serve_until_stopped(settings, arguments)


def with_options(settings: Settings, arguments: argparse.Namespace) -> Settings:
    """The settings with what the command line says."""
    if not 0 <= arguments.port <= 65_535:
        raise SettingsError(f"--port {arguments.port} is no port; give 1 to 65535, or 0 for a free one")
    limit = settings.instance_limit if arguments.instance_limit is None else arguments.instance_limit
    if limit < 1:
        raise SettingsError(f"--instance-limit {limit} leaves nothing to show; give 1 or more")
    return replace(
        settings,
        instance_limit=limit,
        host=arguments.host,
        port=arguments.port,
        durability=arguments.durability or settings.durability,
        fast_lane=not arguments.no_fast_lane,
    )


def serve_until_stopped(
    settings: Settings, arguments: argparse.Namespace, greeting: str = "", signed_in: bool = False
) -> int:
    """Run until SIGINT or SIGTERM. signed_in: who opens it at this machine is its administrator."""
    level = logging.INFO if arguments.verbose else logging.WARNING
    open_log(level, form=settings.log_form, folder=settings.data)
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(_serve(settings, greeting, signed_in))
    return 0


async def _serve(settings: Settings, greeting: str, signed_in: bool) -> None:
    town = TownOS(settings, installed_version())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        serving = await town.start()
    except OSError as error:
        await town.stop()
        raise SettingsError(
            f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}); "
            "is another town running? Give another --port, or 0 for a free one"
        ) from error
    except MachinamiError:
        await town.stop()
        raise
    if signed_in:
        await town.admit_guest()
    print(f"{greeting}Machinami: {serving.url}/   (Ctrl-C: stop 止める)", flush=True)
    if signed_in:
        print("このコンピューターで開く人は、この街の管理者です / who opens it here is its administrator", flush=True)
    elif not town.identity.has_administrators:
        print(f"最初の管理者 / first administrator:  {town.address}{town.first_link}", flush=True)
    try:
        await town.wait_until(stop)
    finally:
        print("Stopping… 止めています", flush=True)
        await town.stop()
