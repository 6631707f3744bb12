"""Which version is installed?"""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """The version that is installed, or 0 in a bare checkout."""
    try:
        return version("machinami")
    except PackageNotFoundError:
        return "0"
