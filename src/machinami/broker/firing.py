"""Why was a subscriber told of a change, or not? Each condition by itself, as the subscription had it to be.

Whoever asks is told no more than they may read themselves: of an entity that is hidden from them nothing at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from machinami.broker.notify import Outbox
from machinami.broker.operations import no_entity
from machinami.broker.seen import Seen, cut_change
from machinami.broker.subscriptions import fires, triggers_of
from machinami.broker.town import Town
from machinami.model.change import Change
from machinami.model.matching import Linked, matches
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Query
from machinami.model.subscription import EntitySelector, Subscription

_PAGE = 200
_BACK = 20_000  # changes of the log that are looked through for the last one of an entity


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: its name (the key of its sentence), whether it was met, and what there is to say of it."""

    name: str
    met: bool
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Firing:
    """What came of a change for a subscriber. outcome: told, waiting, held, given_up, unconcerned, earlier (than the
    subscription), unchanged (the entity has no change in the log), or periodic."""

    outcome: str
    change: Change | None
    conditions: Sequence[Condition]


async def why(town: Town, outbox: Outbox, entity_id: str, by: Principal, seq: int | None = None) -> Firing:
    """Why the subscriber was told, or not, of a change of an entity: of this one, or of the last one in the log.

    Raises NotFound where there is no such entity, or change, that who asks may see.
    """
    change = await _change(town, entity_id, seq)
    if change is None:
        if seq is not None or _hidden(town, entity_id, by):
            raise no_entity(entity_id)
        return Firing("unchanged", None, ())
    rights = town.policy.rights(by)
    if rights is not None and cut_change(rights, change) is None:
        raise no_entity(entity_id)
    found = conditions_of(town, outbox, change)
    return Firing(_outcome(outbox, change, all(one.met for one in found)), change, found)


def _hidden(town: Town, entity_id: str, by: Principal) -> bool:
    rights, entity = town.policy.rights(by), town.store.peek(entity_id)
    return entity is None or (rights is not None and rights.seen(entity) is None)


async def _change(town: Town, entity_id: str, seq: int | None) -> Change | None:
    if seq is not None:
        found = await town.store.changes(seq - 1, 1)
        return next((one for one in found if one.seq == seq and one.entity_id == entity_id), None)
    upto = town.store.last_seq
    while upto > max(0, town.store.last_seq - _BACK):
        page = await town.store.changes(max(0, upto - _PAGE), _PAGE)
        for change in reversed([one for one in page if one.seq <= upto]):
            if change.entity_id == entity_id:
                return change
        upto -= _PAGE
    return None


def conditions_of(town: Town, outbox: Outbox, change: Change) -> Sequence[Condition]:
    """Every condition that the subscription makes, and whether the change met it."""
    wish, rights = outbox.subscription, town.policy.rights_now(outbox.owner)
    linked: Linked = town.store.peek if rights is None else Seen(town.store, rights, town.clock).linked
    seen = change if rights is None else cut_change(rights, change) if rights.may(Deed.SUBSCRIBE) else None
    now = town.clock()
    found = [
        Condition("active", wish.is_active),
        Condition("unexpired", wish.expires_at is None or wish.expires_at > now),
        Condition("may", rights is None or rights.may(Deed.SUBSCRIBE)),
        Condition("seen", seen is not None),
    ]
    if seen is None:
        return found
    happened, watched = triggers_of(seen, wish.watched_attributes), wish.watched_attributes
    facts = {"happened": ", ".join(sorted(happened)), "wanted": ", ".join(sorted(fires(wish)))}
    found.append(Condition("triggers", not fires(wish).isdisjoint(happened), facts))
    if watched:
        names = {part.name for part in seen.attributes}
        short = ", ".join(outbox.words.compact(name) for name in watched)
        changed = ", ".join(sorted(outbox.words.compact(name) for name in names))
        found.append(Condition("watched", not names.isdisjoint(watched), {"watched": short, "changed": changed}))
    return found + _of_the_entity(wish, seen, linked)


def _of_the_entity(wish: Subscription, seen: Change, linked: Linked) -> list[Condition]:
    """What is asked of the entity as it is after the change, each by itself."""
    entity = seen.after or (None if seen.before is None else replace(seen.before, expires_at=None))
    if entity is None:
        return []
    selectors, document = wish.entities or (EntitySelector(),), wish.document

    def met(query: Query) -> bool:
        return matches(query, entity, seen.at, linked)

    kinds = [Query(types=one.types, ids=(one.id,) if one.id else (), id_pattern=one.id_pattern) for one in selectors]
    asked: list[tuple[str, bool, dict[str, str]]] = [("entities", any(map(met, kinds)), {})] if wish.entities else []
    if wish.q is not None:
        asked.append(("q", met(Query(q=wish.q)), {"q": str(document.get("q", ""))}))
    if wish.geo is not None:
        asked.append(("geo", met(Query(geo=wish.geo)), {"georel": str((document.get("geoQ") or {}).get("georel", ""))}))
    if wish.scope is not None:
        asked.append(("scope", met(Query(scope=wish.scope)), {"scope": str(document.get("scopeQ", ""))}))
    return [Condition(name, fits, facts) for name, fits, facts in asked]


def _outcome(outbox: Outbox, change: Change, concerned: bool) -> str:
    wish, progress = outbox.subscription, outbox.progress
    if wish.time_interval:
        return "periodic"
    if wish.created_at is not None and change.at < wish.created_at and change.seq <= progress.cursor:
        return "earlier"
    if not concerned:
        return "unconcerned"
    if any(one.first <= change.seq <= one.last for one in progress.untold):
        return "given_up"
    if change.seq <= progress.cursor:
        return "told"
    return "held" if progress.held else "waiting"
