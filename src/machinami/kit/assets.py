"""Under which address does a browser find a file of ours, and may it keep it? Addresses carry a content hash."""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from machinami.foundation.errors import NotFound

_LONGEST = 100  # letters of a name; file systems raise at some length
PREFIX = "/static/"
_TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file for the browser, with its hash."""

    body: bytes
    media_type: str
    digest: str


@cache
def asset(path: str) -> Asset:
    """The file `path` under the kit's static folder. Raises NotFound for anything else."""
    parts = path.split("/")
    source = files("machinami.kit").joinpath("static", *parts)
    odd = any(part in {"", ".", ".."} or "\\" in part or len(part) > _LONGEST for part in parts)
    if odd or not source.is_file():
        raise NotFound(f"No file {path[:200]!r} among the pages' files", path=path)
    body = source.read_bytes()
    suffix = "." + path.rsplit(".", 1)[-1]
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith(("json", "svg+xml"))
    return Asset(body, f"{kind}; charset=utf-8" if text else kind, hashlib.sha256(body).hexdigest()[:12])


def asset_address(path: str) -> str:
    """The address of a file with its content hash; a file not built yet keeps its plain address."""
    try:
        return f"{PREFIX}{path}?v={asset(path).digest}"
    except NotFound:
        return f"{PREFIX}{path}"


def cache_rule(path: str, asked: str | None) -> str:
    """The Cache-Control of an answer: for ever where the address holds the right hash."""
    kept = asked == asset(path).digest or path.startswith("vendor/fonts/")
    return "public, max-age=31536000, immutable" if kept else "no-cache"
