"""What helps somebody else to help? Findings, versions, settings without secrets, the end of the log.

It is one zip file. Nothing goes in that was not made for it: of the data folder only `machinami.toml` and the log are
read, and every text is masked. Neither keys nor data of the town are ever opened.
"""

import io
import json
import os
import platform
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from machinami.app.configuration import FILE, secret_variables
from machinami.app.durable import write_whole
from machinami.app.logbook import LOG, tail
from machinami.model.checkup.masking import HIDDEN, mask, masked

_LINES = 2_000
READ_ME = """\
このファイルは machinami doctor --bundle が書きました。秘密・鍵・個人の情報は伏せてあります（‹…› の部分）。
送る前に中身を見てください。findings.json 調べた結果、settings.json 設定、versions.json 版、log.txt 記録の最後。

Written by machinami doctor --bundle. Secrets, keys and what is personal are masked (where it says ‹…›).
Look into it before you send it.
"""


def bundle_of(data: Path, told: Mapping[str, Any], version: str, environment: Mapping[str, str] = os.environ) -> bytes:
    """The zip file. told: what came of looking the installation over."""
    text, table = _settings(data)
    secrets = [environment[name] for name in secret_variables(table) if environment.get(name)]
    secrets += [value for value in masked(table).values() if value]
    parts = {
        "README.txt": READ_ME,
        "findings.json": mask(json.dumps(told, ensure_ascii=False, indent=1), secrets),
        "settings.json": mask(json.dumps(_shown(table, text), ensure_ascii=False, indent=1, default=str), secrets),
        "versions.json": json.dumps(_versions(version), ensure_ascii=False, indent=1),
        "log.txt": mask("\n".join(tail(data / LOG, _LINES)), secrets) + "\n",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def write_bundle(path: Path, content: bytes) -> None:
    """Write it, for the owner's eyes."""
    write_whole(path, content, secret=True)


def _settings(data: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = (data / FILE).read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError):
        return "", {}
    except tomllib.TOMLDecodeError:
        return text, {}


def _shown(table: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The settings with what is secret left out; of a file that cannot be read its length alone."""
    if not table:
        return {"unread": len(text)}
    return {"settings": _without(table)}


def _without(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_without(one, name) for one in value]
    return HIDDEN if isinstance(value, str) and masked({name: value}) else value


def _versions(version: str) -> dict[str, Any]:
    parts = {one.metadata["Name"]: one.version for one in distributions() if one.metadata["Name"]}
    return {
        "machinami": version,
        "python": sys.version.split()[0],
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "parts": dict(sorted(parts.items())),
    }
