"""Which copy of a subscription is a source given? No more than its registration covers (ETSI GS CIM 009, 5.8.1.4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from machinami.broker.federation.asking import Reach, matching, named, narrowed_types, reach
from machinami.broker.source_subscriptions import specification
from machinami.foundation.instant import format_instant
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.registration import EntityInfo, Mode, Registration, RegistrationInfo
from machinami.model.registration_matching import matches_entity_info, matches_registration
from machinami.model.subscription import EntitySelector, Subscription
from machinami.model.write_scope import format_geo, format_scope
from machinami.model.write_types import format_types

CREATE, UPDATE, RETRIEVE, DELETE = (f"{verb}Subscription" for verb in ("create", "update", "retrieve", "delete"))
EVERY_TYPE = "*"

Json = dict[str, Any]
Write = Callable[[Context], Json]  # the copy in the words of a context, without id and address


@dataclass(frozen=True, slots=True)
class Copy:
    """What of a subscription a source is asked to watch: the part of its registration that matches, and of that these
    entities and attributes (none: all)."""

    subscription: Subscription
    found: Reach
    entities: tuple[EntitySelector, ...]
    watched: tuple[str, ...]

    def write(self, context: Context) -> Json:
        """The copy in the words of a context. What is to be shown of an entity is not its matter but ours."""
        wish = self.subscription
        document: Json = {"type": "Subscription", "notificationTrigger": list(wish.triggers)}
        if self.entities:
            document["entities"] = [_selector(each, context) for each in self.entities]
        if self.watched and wish.time_interval is None:
            document["watchedAttributes"] = [context.compact(name) for name in self.watched]
        # where entities may be split, no source can tell whether one matches (4.3.6.7)
        document.update({"splitEntities": True} if wish.split else _filters(wish, context))
        if wish.csf is not None:
            document["csf"] = parse.format_q(wish.csf, context)
        plain = {"throttling": wish.throttling, "timeInterval": wish.time_interval}
        document.update({member: value for member, value in plain.items() if value is not None})
        if wish.expires_at is not None:
            document["expiresAt"] = format_instant(wish.expires_at)
        document["isActive"] = wish.is_active
        if self.found.registration.management.local_only:
            document["localOnly"] = True
        document["notification"] = self._notification(context)
        return document

    def _notification(self, context: Context) -> Json:
        shown: Json = {"sysAttrs": True}
        if self.subscription.notification.show_changes:
            shown["showChanges"] = True
        if self.found.names is not None:
            shown["attributes"] = sorted(map(context.compact, self.found.names))
        return shown


def copy_for(subscription: Subscription, registration: Registration, now: datetime) -> Copy | None:
    """The copy for a source; None where it is to have none: nothing of it matches, or it takes no subscriptions."""
    if subscription.is_local or registration.mode is Mode.AUXILIARY or CREATE not in registration.operations:
        return None
    wanted = replace(specification(subscription), lenient=True)
    if not matches_registration(registration, wanted, now):
        return None
    infos = matching(registration, wanted)
    watched = _watched(subscription, infos)
    entities = _entities(subscription, infos)
    if watched is None or (not entities and not watched):
        return None
    return Copy(subscription, reach(registration, frozenset(), infos), entities, watched)


def _watched(subscription: Subscription, infos: Sequence[RegistrationInfo]) -> tuple[str, ...] | None:
    """The attributes to watch there (none: all); None where it has none of them."""
    every = named(infos)
    if every is None:
        return subscription.watched_attributes
    if not subscription.watched_attributes:
        return tuple(sorted(every))
    return tuple(name for name in subscription.watched_attributes if name in every) or None


def _entities(subscription: Subscription, infos: Sequence[RegistrationInfo]) -> tuple[EntitySelector, ...]:
    if not all(info.entities for info in infos):
        return subscription.entities
    registered = [entity for info in infos for entity in info.entities]
    wanted = subscription.entities or (EntitySelector(),)
    pairs = ((selector, entity) for selector in wanted for entity in registered)
    return tuple(dict.fromkeys(_both(*pair) for pair in pairs if matches_entity_info(pair[1], pair[0])))


def _both(selector: EntitySelector, entity: EntityInfo) -> EntitySelector:
    """What both cover; of two patterns, the registered one: what comes is looked at again here."""
    types, name = narrowed_types(selector.types, [entity]), selector.id or entity.id
    return EntitySelector(types, name, None if name is not None else entity.id_pattern or selector.id_pattern)


def _selector(selector: EntitySelector, context: Context) -> Json:
    said: Json = {"type": EVERY_TYPE if selector.types is None else format_types(selector.types, context)}
    if selector.id is not None:
        said["id"] = selector.id
    elif selector.id_pattern is not None:
        said["idPattern"] = selector.id_pattern
    return said


def _filters(subscription: Subscription, context: Context) -> Json:
    said: Json = {}
    if subscription.q is not None:
        said["q"] = parse.format_q(subscription.q, context)
    if subscription.scope is not None:
        said["scopeQ"] = format_scope(subscription.scope)
    if subscription.geo is not None:
        said["geoQ"] = {
            **format_geo(subscription.geo, context),
            "coordinates": subscription.geo.geometry["coordinates"],
        }
    return said
