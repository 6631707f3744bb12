"""How is Machinami called? `machinami COMMAND …`, or `python -m machinami`."""

import gc
import sys

from machinami.kit.compute import calm_algebra

calm_algebra()  # before numpy is loaded: its threads would wait for each other, and the town for them
gc.disable()  # what is being loaded is no garbage; looking for some takes a sixth of the time

from machinami.cli.entrance import enter  # noqa: E402

gc.enable()


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(enter(sys.argv[1:]))


if __name__ == "__main__":
    main()
