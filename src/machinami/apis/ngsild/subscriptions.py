"""Who hears of which changes? /subscriptions and /csourceSubscriptions (ETSI GS CIM 009, 6.10 to 6.13)."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import orjson

from machinami.apis.ngsild.contexts import address
from machinami.apis.ngsild.entities import identified, location, same_id
from machinami.apis.ngsild.face import Face, check_parameters, context_member, given
from machinami.apis.ngsild.negotiation import LD_JSON, choose
from machinami.apis.ngsild.parameters import PAGING, Paging, read_page, wants_stamps
from machinami.apis.ngsild.sharing import triggered
from machinami.apis.ngsild.shown import show_list
from machinami.apis.ngsild.subscription_documents import READ_ONLY, read_subscription, translated
from machinami.broker.federation.behind import Behind
from machinami.broker.federation.trigger import Trigger
from machinami.broker.notify import Outbox
from machinami.broker.source_subscriptions import SourceOutbox
from machinami.broker.stamps import stamps
from machinami.broker.town import Town
from machinami.foundation.errors import LoopDetected
from machinami.foundation.instant import format_instant
from machinami.kit.http import Request, Response
from machinami.model.context import Context, core
from machinami.model.credentials import revealed
from machinami.model.fragments import merged, wrong
from machinami.model.principal import Principal
from machinami.model.subscription import DEFAULT_TRIGGERS, Subscription

LOCAL = frozenset({"local"})
LIST = PAGING | {"options"}
ONE = frozenset({"options"})
_DEFAULT_PAGE = 20


Box = Outbox | SourceOutbox | Behind


class Desk(Protocol):
    """Where subscriptions are kept: those to entities at the broker, those to registrations at its own desk."""

    def subscription(self, town: Town, subscription_id: str, by: Principal) -> Box:
        """One subscription."""

    def subscriptions(self, town: Town, by: Principal) -> Sequence[Box]:
        """Those that who asks may see."""


class Subscriptions:
    """The handlers of /subscriptions, and of what else is subscribed to in the same way."""

    path = "subscriptions"

    def __init__(self, face: Face, paging: Paging) -> None:
        self._face = face
        self._paging = paging

    @property
    def _desk(self) -> Desk:
        return self._face.broker

    def create(self, request: Request) -> Awaitable[Response]:
        """A new subscription (6.10.3.1)."""
        check_parameters(request, LOCAL)
        document, context = self._face.document(request)
        town = self._face.town(request, create=True)
        document.setdefault("id", f"urn:ngsi-ld:Subscription:{town.new_id()}")
        subscription = read_subscription(document, context)
        _check_expiry(subscription, town)
        self._check_words(subscription)
        return self._create(request, town, subscription, triggered(request, context))

    async def _create(self, request: Request, town: Town, subscription: Subscription, trigger: Trigger) -> Response:
        named = await self._with_words(request, town, subscription)
        await self._subscribe(town, named, self._face.by(request), trigger)
        return Response(201, headers=[location(self.path, subscription.id)])

    async def _subscribe(self, town: Town, subscription: Subscription, by: Principal, trigger: Trigger) -> None:
        if self._face.broker.federation.is_looped(town, trigger):
            raise LoopDetected("The subscription has been here already: what changes here is told of by that")
        await self._face.broker.subscribe(town, replace(subscription, via=trigger.via), by, trigger)

    async def _with_words(self, request: Request, town: Town, subscription: Subscription) -> Subscription:
        """The subscription with a URL for the @context of its notifications, which their Link header names (5.13.1)."""
        if subscription.words is None or isinstance(subscription.words, str):
            return subscription
        contexts = self._face.broker.contexts
        url = await contexts.publish(subscription.words, lambda name: address(self._face, request, name), town.tenant)
        return replace(subscription, words=url, document={**subscription.document, "jsonldContext": url})

    def list_all(self, request: Request) -> Response:
        """The subscriptions (6.10.3.2)."""
        arguments = check_parameters(request, LIST)
        media, context = choose(request.fields.get(b"accept")), self._face.linked_context(request)
        page, timed = read_page(arguments, self._paging), wants_stamps(arguments)
        every = self._boxes(self._face.town(request), self._face.by(request))
        return show_list(every, page, lambda box: self._shown(box, context, media, timed), media, context, request)

    def retrieve(self, request: Request) -> Response:
        """One subscription with how it fares (6.11.3.1)."""
        timed = wants_stamps(check_parameters(request, ONE))
        media, context = choose(request.fields.get(b"accept")), self._face.linked_context(request)
        box = self._box(self._face.town(request), identified(request), self._face.by(request))
        return given(media, orjson.dumps(self._shown(box, context, media, timed)), context)

    def update(self, request: Request) -> Awaitable[Response]:
        """Members of a subscription are changed (6.11.3.2)."""
        check_parameters(request, LOCAL)
        fragment, context = self._face.document(request)
        town = self._face.town(request)
        present = self._desk.subscription(town, identified(request), self._face.by(request)).subscription
        same_id(fragment, present.id)
        own = self._face.context(present.context)
        whole = merged(present.document, translated(fragment, context, own), READ_ONLY)
        endpoint = present.notification.endpoint  # what is shown masked may come back so
        changed = read_subscription(revealed(whole, endpoint.receiver_info, endpoint.uri), own)
        if "expiresAt" in fragment:
            _check_expiry(changed, town)
        self._check_words(changed)
        changed = replace(changed, via=present.via)
        return self._update(request, town, changed, triggered(request, own))

    async def _update(self, request: Request, town: Town, changed: Subscription, trigger: Trigger) -> Response:
        named = await self._with_words(request, town, changed)
        await self._resubscribe(town, named, self._face.by(request), trigger)
        return Response(204)

    async def _resubscribe(self, town: Town, subscription: Subscription, by: Principal, trigger: Trigger) -> None:
        await self._face.broker.resubscribe(town, subscription, by, _passing(trigger, subscription))

    def delete(self, request: Request) -> Awaitable[Response]:
        """A subscription ends (6.11.3.3)."""
        check_parameters(request, LOCAL)
        town = self._face.town(request)
        subscription = self._desk.subscription(town, identified(request), self._face.by(request)).subscription
        trigger = triggered(request, self._face.context(subscription.context))
        return self._delete(request, town, subscription, trigger)

    async def _delete(self, request: Request, town: Town, subscription: Subscription, trigger: Trigger) -> Response:
        await self._unsubscribe(town, subscription, self._face.by(request), trigger)
        return Response(204)

    async def _unsubscribe(self, town: Town, subscription: Subscription, by: Principal, trigger: Trigger) -> None:
        await self._face.broker.unsubscribe(town, subscription.id, by, _passing(trigger, subscription))

    def _boxes(self, town: Town, by: Principal) -> Sequence[Box]:
        return self._desk.subscriptions(town, by)

    def _box(self, town: Town, subscription_id: str, by: Principal) -> Box:
        return self._desk.subscription(town, subscription_id, by)

    def _check_words(self, subscription: Subscription) -> None:
        """The @context of the notifications must be there (5.8.1.4). Raises NotYet, BadRequestData."""
        self._face.context(subscription.words)

    def _shown(self, box: Box, context: Context, media: bytes, timed: bool) -> dict[str, Any]:
        subscription = box.subscription
        document = translated(subscription.document, self._face.context(subscription.context), context)
        shown = {**self._defaults(subscription), **document, "status": box.status}
        shown["notification"] = {**document["notification"], **_told(box)}
        if timed:
            shown.update(stamps(subscription))
        if media == LD_JSON:
            shown["@context"] = context_member(context)
        return shown

    def _defaults(self, subscription: Subscription) -> dict[str, Any]:
        """What is meant where the subscriber says nothing of it (5.2.12, 5.8.1.4)."""
        defaults: dict[str, Any] = {"notificationTrigger": list(DEFAULT_TRIGGERS)}
        if subscription.words is None or isinstance(subscription.words, str):
            defaults["jsonldContext"] = subscription.words or core().core_url
        return defaults


class SourceSubscriptions(Subscriptions):
    """The handlers of /csourceSubscriptions."""

    path = "csourceSubscriptions"

    @property
    def _desk(self) -> Desk:
        return self._face.broker.source_subscriptions

    def _boxes(self, town: Town, by: Principal) -> Sequence[Box]:
        """Those that clients made, and those that stand behind subscriptions to entities (5.8.1.4)."""
        return [*super()._boxes(town, by), *self._face.broker.shared_subscriptions.behind(town, by)]

    def _box(self, town: Town, subscription_id: str, by: Principal) -> Box:
        every = self._face.broker.shared_subscriptions.behind(town, by)
        found = next((one for one in every if one.subscription.id == subscription_id), None)
        return found or super()._box(town, subscription_id, by)

    async def _subscribe(self, town: Town, subscription: Subscription, by: Principal, trigger: Trigger) -> None:
        await self._face.broker.source_subscriptions.subscribe(town, subscription, by)

    async def _resubscribe(self, town: Town, subscription: Subscription, by: Principal, trigger: Trigger) -> None:
        await self._face.broker.source_subscriptions.resubscribe(town, subscription, by)

    async def _unsubscribe(self, town: Town, subscription: Subscription, by: Principal, trigger: Trigger) -> None:
        await self._face.broker.source_subscriptions.unsubscribe(town, subscription.id, by)

    def _defaults(self, subscription: Subscription) -> dict[str, Any]:
        """Registrations have no triggers of their own."""
        return {}


def _told(box: Box) -> dict[str, Any]:
    """How the notifications fared (5.2.14.2)."""
    progress = box.progress
    told: dict[str, Any] = {}
    if progress.times_sent:
        told["timesSent"] = progress.times_sent
    if progress.times_failed:
        told["timesFailed"] = progress.times_failed
    times = {
        "lastNotification": progress.last_notification,
        "lastSuccess": progress.last_success,
        "lastFailure": progress.last_failure,
    }
    told.update({name: format_instant(at) for name, at in times.items() if at is not None})
    if progress.last_success is not None or progress.last_failure is not None:
        failed = progress.last_failure is not None and progress.last_failure >= (
            progress.last_success or progress.last_failure
        )
        told["status"] = "failed" if failed else "ok"
        if failed and progress.last_reason:
            told["lastFailureReason"] = progress.last_reason
    return told


def _passing(trigger: Trigger, subscription: Subscription) -> Trigger:
    """The request as its sources are to know it: on the way that the subscription came (6.3.18)."""
    return replace(trigger, fields={**trigger.fields, "via": subscription.via})


def _check_expiry(subscription: Subscription, town: Town) -> None:
    if subscription.expires_at is not None and subscription.expires_at <= town.clock():
        raise wrong("expiresAt", "is in the past")
