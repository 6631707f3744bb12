"""What does a client prefer, and how far is it given? The Prefer header (RFC 7240; ETSI GS CIM 009, 6.3.6, 4.3.6.8)."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from machinami.apis.ngsild.negotiation import JSON, LD_JSON
from machinami.foundation.remembered import remembered
from machinami.kit.http import Request, Response
from machinami.model.conformance import Version, conformant, conformed, read_version

PREFER = b"prefer"
_VERSION = "ngsi-ld"
_PART = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PREFERENCE = re.compile(
    r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?\s*(?:;.*)?""", re.DOTALL
)
_OK, _ALTERED, _ERROR = 200, 203, 300
_ENTITIES = frozenset(
    {
        *(("GET", path) for path in ("/entities", "/entities/{id}", "/temporal/entities", "/temporal/entities/{id}")),
        *(("POST", path) for path in ("/entityOperations/query", "/temporal/entityOperations/query")),
    }
)


@remembered(256)
def _read(header: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in _PART.findall(header):
        said = _PREFERENCE.fullmatch(part)
        if said is not None:  # the first of several counts (RFC 7240, 2)
            found.setdefault(said[1].lower(), said[2] if said[2] is not None else said[3] or "")
    return found


def preferences(request: Request) -> Mapping[str, str]:
    """The preferences of a request by their names in lower case."""
    header = request.fields.get(PREFER)
    return {} if header is None else _read(header.decode("latin-1"))


def shows_entities(method: str, path: str) -> bool:
    """Whether the operation answers with entities, which are what versions of NGSI-LD differ in (4.3.6.8)."""
    return (method, path) in _ENTITIES


def preferred(response: Response, request: Request, entities: bool) -> Response:
    """The answer in the version of NGSI-LD that the request prefers, saying which one it is in (6.3.6).

    entities: whether it shows entities; anything else is the same in every version.
    """
    said = preferences(request).get(_VERSION)
    wanted = None if said is None else read_version(said)
    version = None if wanted is None else conformant(wanted)
    if version is None or response.status >= _ERROR or response.media_type not in (JSON, LD_JSON):
        return response
    if entities:
        _amend(response, version)
    response.headers.append((b"Preference-Applied", b"ngsi-ld=%d.%d" % version))
    return response


def _amend(response: Response, version: Version) -> None:
    document: Any = orjson.loads(response.body)
    if isinstance(document, list):
        amended: Any = [conformed(each, version) for each in document]
    else:
        amended = conformed(document, version)
    if amended != document:
        response.body = orjson.dumps(amended)
        response.status = _ALTERED if response.status == _OK else response.status
