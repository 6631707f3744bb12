"""`machinami upgrade`: renew an installation from a bundle, or go back to the release before."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from machinami.app.delivery.bundle import read_bundle
from machinami.app.delivery.installing import INSTALLATION, Installation, read_installation
from machinami.app.delivery.launchers import write_launchers
from machinami.app.delivery.upgrading import settle, undo, upgrade
from machinami.cli.bundle import say
from machinami.cli.guide import guide
from machinami.foundation.errors import InputError


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    words = "renew this installation from a bundle / 新しい版にする"
    parser = subparsers.add_parser("upgrade", help=words, **guide("upgrade"))
    parser.add_argument("bundle", type=Path, nargs="?", metavar="BUNDLE", help="the file with the new release")
    parser.add_argument("--undo", action="store_true", help="go back to the release before, and to its data")
    parser.add_argument(
        "--signer", metavar="FINGERPRINT", help="who signs from now on, as you were told on paper / 新しい署名者"
    )
    parser.add_argument(
        "--older", action="store_true", help="take a bundle that is older than what runs / 古い版でも入れる"
    )
    parser.add_argument("--quick", action="store_true", help="do not hold log, state and history against each other")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Renew, or go back."""
    installation = here()
    before = installation.current
    if arguments.undo:
        release = undo(installation, say)
        print(f"戻りました / back at: {release}")
        aside = ", ".join(f"{path}.after" for path in installation.data)
        print(f"それからの記録は / what was written since is in:  {aside}")
    elif arguments.bundle is not None:
        if arguments.signer:
            installation = replace(installation, signer=arguments.signer.strip().lower())
        release = upgrade(installation, read_bundle(arguments.bundle), arguments.quick, say, arguments.older)
        installation.keep()
        if release == before:
            print(f"もうこの版です / this release runs already: {release}")
            return 0
        print(f"いまの版 / now at: {release}")
        print("前のデータは隣に残っています / the data of before are beside: ", end="")
        print(", ".join(f"{path}.before" for path in installation.data))
    else:
        settle(installation, say)
        write_launchers(installation.prefix, installation.data, installation.port)
        print(f"いまの版 / at: {installation.current}")
    return 0


def here() -> Installation:
    """The installation whose command this is."""
    prefix = Path(sys.prefix).parent.parent
    if not (prefix / INSTALLATION).exists():
        raise InputError(
            "ここは bundle から入れたものではありません。git で新しくして、machinami migrate "
            "を実行してください。 / "
            "This is no "
            "installation from a bundle: a checkout is renewed by git, then: machinami migrate"
        )
    return read_installation(prefix)
