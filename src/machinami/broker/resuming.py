"""What of a town is taken up again when it is opened, and what if it cannot be read?

What cannot be read is set aside and said; it never stops the start. Where it says who may see what, the town is closed
to everybody until it is mended: `machinami repair`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from machinami.broker import registrations
from machinami.broker.contexts import Contexts
from machinami.broker.credentials import opened
from machinami.broker.law import LEGAL, Law
from machinami.broker.legal_records import APPROVAL, EVENT, GROUND, MARK, PURPOSE, load_law
from machinami.broker.notifier import Notifier
from machinami.broker.policy import Policy
from machinami.broker.policy_rows import STATE, load
from machinami.broker.shroud.opening import SHROUD
from machinami.broker.source_subscriptions import SourceSubscriptions
from machinami.broker.stamps import restored
from machinami.broker.subscriptions import PROGRESS, RECORD, Progress, driving_types, owner_of, without_secrets
from machinami.broker.town import Town
from machinami.foundation.errors import MachinamiError
from machinami.model.context import Context
from machinami.model.registration_reading import read_registration
from machinami.model.subscription import Subscription
from machinami.store.protocol import SET_ASIDE, TownStore

CLOSING = frozenset({STATE, LEGAL, MARK, GROUND, PURPOSE, APPROVAL, EVENT, SHROUD})
"""Records without which nobody knows any more what must be kept from whom."""
_UNREADABLE = (MachinamiError, KeyError, TypeError, ValueError, AttributeError)
SetAside = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What it takes to take a town up again. settled: what a subscription means here; read: from its document."""

    contexts: Contexts
    notifier: Notifier
    source_subscriptions: SourceSubscriptions
    settled: Callable[[Subscription], Subscription]
    read: Callable[[dict[str, Any], Context], Subscription]


async def load_or_close(name: str, policy: Policy, law: Law, store: TownStore, set_aside: SetAside) -> None:
    """Give the policy and the law what the town keeps; where that cannot be read, close the town."""
    lost = ""
    try:
        await load(policy, store)
        await load_law(law, store)
    except _UNREADABLE as error:
        lost = f"its policy ({type(error).__name__}: {error})"
    for note in (await store.records(SET_ASIDE)).values():
        kind, key = str(note.get("kind", "")), str(note.get("record", ""))
        if kind in CLOSING:
            lost = f"{kind} {key}"
        set_aside(f"town {name}: {note.get('what', f'the record {kind} {key} cannot be read')}")
    if lost:
        policy.set_rows(())
        set_aside(f"the town {name} is closed to everybody, as {lost} cannot be read; run: machinami repair")


async def resume(town: Town, parts: Parts, set_aside: SetAside) -> None:
    """Have a town know its sources again, and tell its subscribers."""
    known = await town.store.records(SET_ASIDE)
    await _resume_subscriptions(town, parts, set_aside)
    for key, record in (await town.store.records(registrations.RECORD)).items():
        try:
            context = parts.contexts.resolve(record.get("context"))
            registration = read_registration(opened(town, record["document"]), context)
            town.sources.put(registrations.without_secrets(restored(registration, record)))
        except _UNREADABLE as error:
            set_aside(f"registration {key} of town {town.name}: {error}")
    await registrations.forget_expired(town)
    await parts.source_subscriptions.resume(town, lambda what, error: set_aside(f"{what}: {error}"))
    for name, note in (await town.store.records(SET_ASIDE)).items():
        if name not in known:
            set_aside(f"town {town.name}: the record {note.get('kind')} {note.get('record')} cannot be read")


async def _resume_subscriptions(town: Town, parts: Parts, set_aside: SetAside) -> None:
    progress = await town.store.records(PROGRESS)
    for key, record in (await town.store.records(RECORD)).items():
        try:
            own = parts.contexts.resolve(record.get("context"))
            subscription = parts.read(opened(town, record["document"]), own)
            context = parts.contexts.resolve(subscription.words)
            subscription = restored(parts.settled(replace(subscription, via=record.get("via", ""))), record)
            subscription, owner = without_secrets(subscription), owner_of(record)
            came = Progress.from_record(progress.get(key, {"cursor": town.store.last_seq}))
        except _UNREADABLE as error:
            set_aside(f"subscription {key} of town {town.name}: {error}")
            continue
        parts.notifier.add(subscription, context, came, driving_types, owner)
