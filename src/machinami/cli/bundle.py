"""`machinami bundle`: make one signed file from which a town is installed and renewed where there is no network."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from machinami.app.delivery.bundle import fingerprint, this_platform, this_python
from machinami.app.delivery.making import make_bundle, make_key, read_key
from machinami.cli.guide import guide
from machinami.cli.version import installed_version
from machinami.foundation.errors import InputError


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    words = "one signed file for a closed network / 閉じたネットワークに渡す一つのファイル"
    parser = subparsers.add_parser("bundle", help=words, **guide("bundle"))
    parser.add_argument("--to", type=Path, metavar="FILE", help="the file to make (default: by version and machine)")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key to sign with (Ed25519, PEM)")
    parser.add_argument("--new-key", type=Path, metavar="FILE", help="make a key for signing, and say its fingerprint")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make a key, or a bundle."""
    if arguments.new_key is not None:
        public = make_key(arguments.new_key).public_key().public_bytes_raw()
        print(f"{arguments.new_key}: 大切にしまってください / keep it safe; who has it can sign in your name")
        print(f"署名者 / fingerprint: {fingerprint(public)}   (入れる人に紙で渡す / give it to who installs, on paper)")
        return 0
    if arguments.key is None:
        raise InputError("Name the key to sign with: --key FILE; make one with: machinami bundle --new-key FILE")
    version = installed_version()
    target = arguments.to or Path(f"machinami-{version}-{this_python()}-{this_platform()}.pyz")
    bundle = make_bundle(target, read_key(arguments.key), version, datetime.now(UTC), say)
    print(f"{target}: {target.stat().st_size >> 20} MiB, {bundle.name}, 署名者 / signed by {bundle.signer}")
    print(f"入れる側で / on the other machine:  python3 {target.name} --to /opt/machinami --signer {bundle.signer}")
    return 0


def say(ja: str, en: str) -> None:
    """Tell who waits what is being done."""
    print(f"… {ja} / {en}", flush=True)
