"""By which options does a command say whose key it shows, and where is the key kept meanwhile?"""

import argparse
import os
from pathlib import Path

from machinami.app.visiting import KEY_VARIABLE, Pass, read_key


def add_key_options(
    parser: argparse.ArgumentParser, name: str = "key", variable: str = KEY_VARIABLE, whose: str = "the town"
) -> None:
    """Add the options of one key."""
    group = parser.add_argument_group(f"a key of {whose} / かぎ")
    group.add_argument(
        f"--{name}-file", type=Path, metavar="FILE", help=f"the file that holds the key (or set {variable})"
    )
    group.add_argument(
        f"--{name}", metavar="KEY", help="the key itself; others on this computer can see it while the command runs"
    )


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names an authority of one's own."""
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="the authority of a closed network (ca.pem)")


def pass_of(arguments: argparse.Namespace, name: str = "key", variable: str = KEY_VARIABLE) -> Pass:
    """What the command shows. Raises SettingsError."""
    field = name.replace("-", "_")
    key = read_key(getattr(arguments, field), getattr(arguments, f"{field}_file"), os.environ, variable)
    return Pass(key, getattr(arguments, "ca_file", None))
