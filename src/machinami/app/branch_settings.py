"""Of which centre is an installation a branch, as its machinami.toml says it?"""

import re
from collections.abc import Mapping
from pathlib import Path

from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import BranchSettings

_KEYS = frozenset({"of", "name", "types", "town", "key_env", "files"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def branch(file: Path, row: object, environment: Mapping[str, str]) -> BranchSettings:
    """The section [branch]. Raises SettingsError naming the key and what would be right."""
    if not isinstance(row, dict) or not {"of", "name", "types"} <= row.keys() <= _KEYS:
        raise SettingsError(f"{file}: [branch] needs of, name, types, and may have town, key_env and files")
    of, name, types, town = (row.get(key, "") for key in ("of", "name", "types", "town"))
    if not isinstance(of, str) or not of.startswith(("https://", "http://")):
        raise SettingsError(f"{file}: branch.of must be the URL of the centre, such as https://city.example")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SettingsError(f"{file}: branch.name must be small letters, digits, - and _, such as first-school")
    if not isinstance(types, list) or not types or not all(isinstance(one, str) and one for one in types):
        raise SettingsError(f'{file}: branch.types must name what is delivered, such as ["Shelter", "ShelterReport"]')
    files = row.get("files", [])
    if not isinstance(files, list) or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in files):
        raise SettingsError(f'{file}: branch.files must name services that keep files, such as ["civic_reports"]')
    key = environment.get(str(row["key_env"])) if "key_env" in row else ""
    if key is None:
        raise SettingsError(f"{file}: the environment variable {row['key_env']} is not set")
    return BranchSettings(of.rstrip("/"), name, tuple(types), str(town), key, tuple(files))
