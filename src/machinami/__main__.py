"""How is Machinami called? `machinami COMMAND …`, or `python -m machinami`."""

import sys

from machinami.cli.entrance import enter


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(enter(sys.argv[1:]))


if __name__ == "__main__":
    main()
