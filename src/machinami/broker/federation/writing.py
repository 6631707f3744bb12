"""What becomes of a change that sources share? Each does its part; their outcomes become one (5.6, 6.3.17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from machinami.broker.federation.federation import Federation, Question, Reply
from machinami.broker.federation.passing import demand_passing
from machinami.broker.federation.trigger import Trigger
from machinami.broker.town import Town
from machinami.foundation.errors import (
    BadGateway,
    Conflict,
    GatewayTimeout,
    LoopDetected,
    MachinamiError,
    NotFound,
    OperationNotSupported,
)
from machinami.model.distribution import Division, Share, divide
from machinami.model.principal import Principal
from machinami.model.registration import Registration
from machinami.model.registration_matching import is_current

_MULTI_STATUS = 207
_MISSING = 404


@dataclass(frozen=True, slots=True)
class Part:
    """How one part of a change fared: where (None: here), on which attributes, the error, and the answer itself.

    partial: done, but not all of it, as the answer says.
    """

    registration_id: str | None
    attributes: frozenset[str] | None = None
    error: MachinamiError | None = None
    reply: Reply | None = None
    partial: bool = False


def division(
    federation: Federation,
    town: Town,
    operations: Iterable[str],
    entity_id: str,
    types: Sequence[str] | None,
    attributes: frozenset[str],
    trigger: Trigger,
    by: Principal,
) -> Division:
    """Who does what of a change of one entity; see `divide`. Raises Forbidden where sources have a part in it and who
    asks may not have it passed on."""
    now = town.clock()
    current = [
        source.registration
        for source in town.sources.kept.values()
        if is_current(source.registration, now) and not source.registration.temporal
    ]
    looped = federation.is_looped(town, trigger)
    divided = divide(current, frozenset(operations), entity_id, types, attributes, trigger.passed, looped)
    if divided.shares:
        demand_passing(town, tuple(operations), entity_id, types, attributes, by)
    return divided


def unsent(share: Share) -> Part | None:
    """The part of a source that cannot be asked: it offers no such operation, or the request goes in a circle."""
    name = share.registration.id
    if share.looped:
        return Part(name, share.attributes, LoopDetected(f"The request has been at the source of {name} already"))
    if not share.supported:
        reason = f"The data are held by the source of {name} alone, which does not offer this operation"
        return Part(name, share.attributes, Conflict(reason, registrationId=name))
    return None


async def send(federation: Federation, town: Town, share: Share, asked: Question, trigger: Trigger) -> Part:
    """Have a source do its part."""
    refused = unsent(share)
    if refused is not None:
        return refused
    source = town.sources.kept.get(share.registration.id)
    if source is None:
        return Part(share.registration.id, share.attributes, NotFound("The registration has just gone"))
    reply = await federation.ask(town, source, asked, trigger)
    return outcome(share.registration, share.attributes, reply)


def outcome(registration: Registration, attributes: frozenset[str] | None, reply: Reply) -> Part:
    """What a reply to a change means."""
    if reply.done:
        return Part(registration.id, attributes, None, reply, reply.status == _MULTI_STATUS)
    return Part(registration.id, attributes, _error(registration, reply), reply)


def _error(registration: Registration, reply: Reply) -> MachinamiError:
    """The error that a source's refusal is for who asked us (6.3.17)."""
    name, facts = registration.id, {"registrationId": registration.id}
    if reply.status is None:
        return GatewayTimeout(f"The source of {name} does not answer: {reply.reason}", **facts)
    if reply.status == _MISSING:
        return NotFound(f"The source of {name} has no such thing", **facts)
    for status, kind in ((409, Conflict), (422, OperationNotSupported), (508, LoopDetected)):
        if reply.status == status:
            return kind(f"The source of {name} answers {status}", **facts)
    return BadGateway(f"The source of {name} answers {reply.status}", **facts)
