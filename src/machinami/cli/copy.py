"""`machinami copy`: serve the last copy of a town's light pages, whether the town runs or not."""

import argparse
import socket
from pathlib import Path

from machinami.app.standin import COPIES, FOLDER, serve_copies
from machinami.cli.guide import guide
from machinami.foundation.errors import NotFound, SettingsError

_WAITING = 2_048  # connections that wait to be taken


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("copy", help="serve the last copy of the light pages / 写しを出す", **guide("copy"))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=1027, help="port to listen on; 0 takes a free one (default: 1027)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    folder = arguments.data / FOLDER
    if not (folder / COPIES).exists():
        raise NotFound(f"{folder} holds no copy yet; it is written while the town runs: machinami serve --data DIR")
    try:
        family = socket.AF_INET6 if ":" in arguments.host else socket.AF_INET
        listener = socket.create_server((arguments.host, arguments.port), family=family, backlog=_WAITING)
    except OSError as error:
        raise SettingsError(f"Port {arguments.port} on {arguments.host} cannot be used ({error.strerror})") from error
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    print(f"Machinami copy: http://{host}:{listener.getsockname()[1]}/   (Ctrl-C: stop 止める)", flush=True)
    serve_copies(folder, listener)
    return 0
