"""What does every handler of this face need? Who asks, in which town, in which words, and how it is answered."""

from asyncio import gather
from collections.abc import Awaitable, Callable
from typing import Any

from machinami.apis.ngsild.negotiation import (
    LD_JSON,
    body_context,
    content_type,
    link_context,
    link_field,
    read_json,
    refuse_link,
)
from machinami.apis.ngsild.preferences import PREFER, preferred
from machinami.broker.broker import Broker
from machinami.broker.contexts import source_key
from machinami.broker.town import Town
from machinami.foundation.errors import (
    BadRequestData,
    ContextNotAvailable,
    InvalidRequest,
    MachinamiError,
    SignInRequired,
    TenantNotFound,
)
from machinami.kit.answering import explain
from machinami.kit.http import Handler, Request, Response
from machinami.kit.origin import AS_ASKED, Origin
from machinami.kit.viewing import Identify, anyone
from machinami.model.context import Context, core
from machinami.model.principal import ANONYMOUS
from machinami.model.town_name import check_town_name

ROOT = "/ngsi-ld/v1"
_TENANT = b"ngsild-tenant"
SNAPSHOT = b"ngsild-snapshot"
_NAMED_AGAIN = ((_TENANT, b"NGSILD-Tenant"), (SNAPSHOT, b"NGSILD-Snapshot"))


class NotYet(Exception):
    """Something that the request names must first be waited for; then the handler is run again."""

    def __init__(self, wait: Callable[[], Awaitable[Any]]) -> None:
        super().__init__()
        self.wait = wait


class Face:
    """The broker as the handlers of this face see it.

    Handlers run at once, without waiting, as nearly always everything is there already. `town` and `context`
    raise NotYet where it is not; they are called before anything is written, so that a handler can run twice.
    """

    def __init__(self, broker: Broker, identify: Identify = anyone, origin: Origin = AS_ASKED) -> None:
        self.broker = broker
        self.by = identify
        self.origin = origin

    def town(self, request: Request, create: bool = False) -> Town:
        """The town that the NGSILD-Tenant header names (6.3.14), or what the NGSILD-Snapshot header names in it
        (6.3.22). Raises TenantNotFound, NotFound, NotYet."""
        name = tenant(request)
        found = self.broker.open_town(name)
        if found is not None:
            return found if SNAPSHOT not in request.fields else self._frozen(found, request)
        if name is None or not create or SNAPSHOT in request.fields:
            raise TenantNotFound(f"There is no town {name!r} here; it is made when a first entity is created in it")
        self.broker.demand_founding(self.by(request))
        raise NotYet(lambda: self.broker.town(name, create=True))

    def known_town(self, request: Request) -> Town | None:
        """The town that the NGSILD-Tenant header names, None where there is none."""
        return self.broker.open_town(tenant(request))

    def _frozen(self, town: Town, request: Request) -> Town:
        writing = request.method != "GET" and not request.path.endswith("/query")
        name = request.fields[SNAPSHOT].decode("latin-1")
        return self.broker.snapshots.open(town, name, self.by(request), writing)

    def context(self, source: Any, request: Request | None = None) -> Context:
        """The context of a source. Raises NotYet where a document of it must be fetched, BadRequestData.

        request: whose town asks for it; None where a source of what is kept already is read once more.
        """
        if source is None:
            return core()
        town = None if request is None else self._asker(request)
        try:
            return self.broker.contexts.resolve(source, town)
        except ContextNotAvailable:
            if request is not None:
                self._demand_known(request)
            raise NotYet(lambda: self.broker.contexts.obtain(source, town)) from None

    def _demand_known(self, request: Request) -> None:
        """Raise SignInRequired where a stranger would have a protected town connect to an address that they
        name, and keep what stands there."""
        town = self.known_town(request) or self.broker.open_town(None)
        if town is not None and not town.policy.is_open and self.by(request) == ANONYMOUS:
            raise SignInRequired(
                "An @context that is not known here yet is fetched only for who says who they are; name one that is, "
                "or none"
            )

    def _asker(self, request: Request) -> str | None:
        """The name of the town that asks, None while it is not there: who only asks leaves no name behind."""
        town = self.known_town(request)
        return None if town is None else town.name

    def linked_context(self, request: Request) -> Context:
        """The context of a request without a body, or whose body is no JSON-LD."""
        return self.context(link_context(request), request)

    def document(self, request: Request) -> tuple[dict[str, Any], Context]:
        """The JSON object that the body is, without its @context, and its context."""
        kind = content_type(request)
        document = read_json(request.body)
        if not isinstance(document, dict):
            raise InvalidRequest("The body must be a JSON object {…}")
        return document, self.context(body_context(link_context(request), kind, document), request)

    def documents(self, request: Request) -> list[tuple[Any, Context | MachinamiError]]:
        """The members of the array that the body is, each with its context, or the error that it has none.

        Raises NotYet, and BadRequestData where the array as a whole cannot be meant (5.6.7.4).
        """
        kind = content_type(request)
        documents = read_json(request.body)
        if not isinstance(documents, list) or not documents or None in documents:
            raise BadRequestData("The body must be a JSON array […] that is not empty and holds no null")
        link = link_context(request)
        if link is not None:
            refuse_link(kind)
        town, plain = self._asker(request), core()
        found: list[tuple[Any, Context | MachinamiError]] = []
        missing: dict[str, Any] = {}
        for document in documents:
            try:
                source = body_context(link, kind, document)
                if source is None:
                    found.append((document, plain))
                    continue
                failure = self._failure(request, source)
                asker = town if self._is_new(request, source) else None  # when it runs again, it is one request still
                found.append((document, failure or self.broker.contexts.resolve(source, asker)))
            except BadRequestData as error:
                found.append((document, error))
            except ContextNotAvailable:
                missing[source_key(source)] = source
        if missing:
            self._demand_known(request)
            raise NotYet(lambda: self._try(request, missing))
        return found

    def _failure(self, request: Request, source: Any) -> MachinamiError | None:
        """Why the context could not be had, where it was tried for this request."""
        return None if request.unavailable is None else request.unavailable.get(source_key(source))

    def _is_new(self, request: Request, source: Any) -> bool:
        """Whether this request has not found the context before."""
        return request.unavailable is None or source_key(source) in request.unavailable

    async def _try(self, request: Request, missing: dict[str, Any]) -> None:
        """Have the contexts fetched; one that cannot be had concerns only the documents that name it (5.6.7)."""
        obtained = [self.broker.contexts.obtain(source, self._asker(request)) for source in missing.values()]
        request.unavailable = request.unavailable or {}
        for key, outcome in zip(missing, await gather(*obtained, return_exceptions=True), strict=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, MachinamiError):
                raise outcome
            request.unavailable[key] = outcome if isinstance(outcome, MachinamiError) else None


def tenant(request: Request) -> str | None:
    """The name in the NGSILD-Tenant header; None without one. Raises BadRequestData for what cannot be a name."""
    value = request.fields.get(_TENANT)
    if value is None:
        return None
    return check_town_name(value.decode("latin-1"))


def carried(handler: Handler, frozen: Handler, entities: bool = False) -> Handler:
    """The handler with what it does not do itself: waiting for contexts and towns, naming the town again, and saying
    what it says in the version of NGSI-LD that is preferred.

    frozen: the handler of the same operation on a snapshot; entities: whether it answers with entities.
    """

    def run(request: Request) -> Response | Awaitable[Response]:
        fields = request.fields
        if SNAPSHOT in fields:
            return _named(frozen, request, entities)
        if _TENANT in fields or PREFER in fields:
            return _named(handler, request, entities)
        try:
            return handler(request)
        except NotYet as missing:
            return _again(handler, request, missing)

    return run


async def waited(handler: Handler, request: Request) -> Response:
    """The answer of a handler that is run by another one, with all that must be waited for."""
    try:
        outcome = handler(request)
    except NotYet as missing:
        return await _again(handler, request, missing)
    return outcome if isinstance(outcome, Response) else await outcome


async def _again(handler: Handler, request: Request, missing: NotYet) -> Response:
    while True:
        await missing.wait()
        try:
            outcome = handler(request)
        except NotYet as another:
            missing = another
            continue
        return outcome if isinstance(outcome, Response) else await outcome


def _named(handler: Handler, request: Request, entities: bool) -> Response | Awaitable[Response]:
    """Say town and snapshot again in the answer, also where it is an error (6.3.14, 6.3.22)."""
    try:
        tenant(request)
        outcome = handler(request)
    except NotYet as missing:
        return _named_later(_again(handler, request, missing), request, entities)
    except Exception as error:
        outcome = explain(error)
    if isinstance(outcome, Response):
        return _name(outcome, request, entities)
    return _named_later(outcome, request, entities)


async def _named_later(outcome: Awaitable[Response], request: Request, entities: bool) -> Response:
    try:
        return _name(await outcome, request, entities)
    except Exception as error:
        return _name(explain(error), request, entities)


def _name(response: Response, request: Request, entities: bool) -> Response:
    fields = request.fields
    response.headers.extend((shown, fields[name]) for name, shown in _NAMED_AGAIN if name in fields)
    return preferred(response, request, entities) if PREFER in fields else response


def check_parameters(request: Request, known: frozenset[str]) -> dict[str, str]:
    """The query parameters. Raises InvalidRequest that names those which mean nothing here."""
    return checked(request.arguments, known) if request.query else {}


def checked(arguments: dict[str, str], known: frozenset[str]) -> dict[str, str]:
    """The query parameters. Raises InvalidRequest that names those which mean nothing here."""
    if arguments.keys() <= known:
        return arguments
    unknown = sorted(name for name in arguments if name not in known)
    raise InvalidRequest(
        f"Unknown query parameters: {', '.join(name[:100] for name in unknown)}; "
        f"known here: {', '.join(sorted(known)) or 'none'}",
        parameters=unknown,
    )


def given(media: bytes, body: bytes, context: Context, status: int = 200) -> Response:
    """An answer with a body that is written in the words of a context (6.3.6)."""
    if media == LD_JSON:
        return Response(status, body, media)
    return Response(status, body, media, [link_field(context.link)])


def context_member(context: Context) -> Any:
    """What stands in the @context member of an answer: the user's context, the core's where there is none."""
    return context.core_url if context.source is None else context.source
