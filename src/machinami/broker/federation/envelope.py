"""How is a request to a source written? Header fields, @context and body as its registration wants them.

ETSI GS CIM 009, 4.3.6.5, 4.3.6.6 and 6.3.18. Nothing of the triggering request goes along unless the registration
names it: no credentials, no cookies.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from machinami.broker.federation.trigger import Trigger
from machinami.model.conformance import Version, conformed_body, read_version
from machinami.model.context import Context, core
from machinami.model.registration import Registration
from machinami.model.translation import translated_document

API = "/ngsi-ld/v1"
SUBSCRIPTIONS = "/subscriptions"
FROM_REQUEST = "urn:ngsi-ld:request"
_JSON, _LD_JSON = "application/json", "application/ld+json"
_STEERING = frozenset({"accept", "contenttype", "jsonldcontext", "ngsildconformance"})
# what belongs to the exchange or to the registration itself cannot be said in contextSourceInfo (4.3.6.5)
_OWN = frozenset(
    """ngsild-tenant via host link accept content-type content-length transfer-encoding connection te trailer upgrade
    expect keep-alive proxy-connection""".split()
)
_NO_ENTITIES = ("Query", "Subscription", "ContextSourceRegistration")
_PATH_LETTERS = "/:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class Envelope:
    """How one source is addressed: header fields, the @context of what is said to it, its media type of bodies, and
    the version of NGSI-LD that it understands (4.3.6.6), None: the present one."""

    headers: Mapping[str, str]
    context: Context
    media: str
    link: str | None
    version: Version | None = None


def envelope(registration: Registration, trigger: Trigger, alias: str, obtain: Callable[[str], Context]) -> Envelope:
    """The envelope for a source. obtain: the context at a URL, which must be here already."""
    info = {key.lower(): value for key, value in registration.info}
    headers = {"Accept": info.get("accept", _JSON)}
    for key, value in registration.info:
        if key.lower() in _OWN or key.lower() in _STEERING:
            continue
        said = trigger.fields.get(key.lower()) if value == FROM_REQUEST else value
        if said is not None:
            headers[key] = said
    headers["Via"] = ", ".join(filter(None, (trigger.via, f"1.1 {alias}")))
    if registration.tenant is not None:
        headers["NGSILD-Tenant"] = registration.tenant
    media = info.get("contenttype", _JSON)
    context = trigger.context
    link = context.source if isinstance(context.source, str) else None
    if "jsonldcontext" in info:
        link, media = info["jsonldcontext"], _JSON
        context = obtain(link)
    elif not isinstance(context.source, str | None) and media != _LD_JSON:
        context = core()  # a @context that has no URL cannot be named in a header: say everything in full
    return Envelope(headers, context, media, link, read_version(info.get("ngsildconformance", "")))


def addressed(registration: Registration, path: str, arguments: Mapping[str, str]) -> str:
    """The URL of a resource (path below the API's root, decoded) at a source."""
    base = registration.endpoint
    root = base if base.endswith(API) else base + API
    if registration.management.local_only and not path.startswith(SUBSCRIPTIONS):  # these say it themselves: 5.5.13
        arguments = {**arguments, "local": "true"}
    query = urlencode(arguments, quote_via=quote, safe=":,/@*;()[]{}!~.'")
    return root + quote(path, safe=_PATH_LETTERS) + ("?" + query if query else "")


def headed(sealed: Envelope, with_body: bool) -> Mapping[str, str]:
    """The header fields of one request."""
    headers = dict(sealed.headers)
    if with_body:
        headers["Content-Type"] = sealed.media
    if sealed.link is not None and not (with_body and sealed.media == _LD_JSON):
        headers["Link"] = f'<{sealed.link}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    return headers


def written(sealed: Envelope, document: Any, own: Context) -> bytes:
    """A body for the source: the document (or a list of them) that is in the words of `own`."""

    def one(row: Any) -> Any:
        if not isinstance(row, dict):
            return row
        said = dict(translated_document(row, own, sealed.context))
        said.pop("@context", None)
        if sealed.version is not None and said.get("type") not in _NO_ENTITIES:
            said = dict(conformed_body(said, sealed.version))
        if sealed.media == _LD_JSON:
            source = sealed.context.source
            said["@context"] = sealed.context.core_url if source is None else source
        return said

    return orjson.dumps([one(row) for row in document] if isinstance(document, list) else one(document))
