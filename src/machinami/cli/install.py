"""`python3 BUNDLE`: what is this bundle, and have it installed here. This runs where nothing is installed yet."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from machinami.app.delivery.bundle import Bundle, read_bundle
from machinami.app.delivery.installing import Installation, install
from machinami.foundation.errors import MachinamiError


def main(words: Sequence[str] | None = None) -> int:
    """Say what the bundle is, or install it; the exit code."""
    parser = argparse.ArgumentParser(
        prog=f"python3 {sys.argv[0]}",
        description="Install machinami from this file, without a network. このファイルから、通信なしで街を入れます。",
    )
    parser.add_argument(
        "--to", type=Path, metavar="DIR", help="where to install it, such as /opt/machinami / 入れる場所"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the folder of the town, new or there already / 街のフォルダ"
    )
    parser.add_argument(
        "--signer", metavar="FINGERPRINT", help="who must have signed it, as you were told on paper / 署名者"
    )
    parser.add_argument(
        "--service", default="", metavar="NAME", help="by which name systemd will know it: `upgrade` stops it"
    )
    parser.add_argument("--port", type=int, default=1026, help="where the town will listen (default: 1026)")
    arguments = parser.parse_args(words)
    try:
        bundle = read_bundle(Path(sys.argv[0]))
        _present(bundle)
        if arguments.to is None:
            print(f"\n入れるには / to install:  {parser.prog} --to /opt/machinami --data /var/lib/machinami --signer …")
            return 0
        return _install(bundle, arguments)
    except MachinamiError as error:
        print(error.detail, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1


def _present(bundle: Bundle) -> None:
    machine = f"{bundle.python} {bundle.platform}"
    print(f"Machinami {bundle.version}, {bundle.made}, {machine}: {len(bundle.files)} files, whole / 欠けなし")
    print(f"署名者 / signed by: {bundle.signer}")


def _install(bundle: Bundle, arguments: argparse.Namespace) -> int:
    signer = arguments.signer or _asked(bundle.signer)
    prefix = arguments.to.absolute()
    data = (arguments.data or prefix / "data").absolute()
    data.mkdir(parents=True, exist_ok=True)
    command = install(bundle, Installation(prefix, (data,), signer, arguments.service, arguments.port), _say)
    print(f"入りました / installed: {command}")
    print(f"次に / next:  {command} serve --data {data}")
    ways = f"{prefix / 'machinami.service'}, {prefix / 'machinami-service.cmd'}"
    print(f"機械と一緒に始める / start with the machine:  {ways}")
    return 0


def _asked(signer: str) -> str:
    """Ask the person here whether this is the signer; nobody answers for them."""
    if not sys.stdin.isatty():
        raise MachinamiError(
            "Say who must have signed it: --signer FINGERPRINT, as who gave it to you told you on paper"
        )
    question = "この署名者は、紙などで知らされたものと同じですか / is this the signer that you were told of on paper?"
    if input(f"{question} [yes/no] ").strip().lower() not in ("yes", "y", "はい"):
        raise MachinamiError("Nothing was installed. Ask who gave you the bundle")
    return signer


def _say(ja: str, en: str) -> None:
    print(f"… {ja} / {en}", flush=True)
