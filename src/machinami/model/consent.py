"""What did somebody consent to, and does it hold? Consent as a record, after ISO/IEC TS 27560 in our own form.

A consent is what its events say, one after the other; none is ever rewritten. It is given, may be changed, and ends by
being withdrawn or by its date. What has ended never holds again: who consents anew gives a new consent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from machinami.foundation.errors import Conflict
from machinami.foundation.instant import to_micros
from machinami.model.attribute import Attribute
from machinami.model.entity import Entity
from machinami.model.matching import in_scope, is_within
from machinami.model.policy import Whom, scope_selection
from machinami.model.principal import Principal
from machinami.model.sight import WHOLE, Sight, Span


class State(StrEnum):
    """How a consent stands, and the step that brought it there."""

    GIVEN = "given"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


IN_FORCE = frozenset({State.GIVEN, State.CHANGED})
_NEXT: Mapping[State | None, frozenset[State]] = {
    None: frozenset({State.GIVEN}),
    State.GIVEN: frozenset({State.CHANGED, State.WITHDRAWN, State.EXPIRED}),
    State.CHANGED: frozenset({State.CHANGED, State.WITHDRAWN, State.EXPIRED}),
    State.WITHDRAWN: frozenset(),
    State.EXPIRED: frozenset(),
}


def following(state: State | None, step: State) -> State:
    """How a consent stands after a step. Raises Conflict where it cannot be taken."""
    if step not in _NEXT[state]:
        where = "there is no consent yet" if state is None else f"this consent is {state}"
        raise Conflict(f"It cannot be {step}: {where}", state=state or "")
    return step


@dataclass(frozen=True, slots=True)
class Terms:
    """What is consented to. recipients: `role:NAME`, `person:ID`, `program:ID`; purpose: one that the town published.

    types, attributes: expanded names, one type or attribute at least; no attribute named is all of the types. scopes,
    area: where the data belong; begin, end: when they were observed. until: to when it holds. text, language: which
    version of the text was shown, in which language.
    """

    recipients: tuple[str, ...]
    purpose: str
    until: datetime
    types: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    area: dict[str, Any] | None = None
    begin: datetime | None = None
    end: datetime | None = None
    text: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One step. by: who took it. proof: where by is not the person, how they showed that it is their will."""

    consent: str
    number: int
    step: State
    at: datetime
    by: str
    subject: str
    terms: Terms | None = None
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as its events left it."""

    id: str
    subject: str
    state: State
    terms: Terms
    events: tuple[Event, ...]

    def holds(self, now: datetime) -> bool:
        """Whether data may be given on it."""
        return self.state in IN_FORCE and now < self.terms.until


def after(consent: Consent | None, event: Event) -> Consent:
    """The consent after one more event. Raises Conflict."""
    state = following(None if consent is None else consent.state, event.step)
    terms = event.terms or (None if consent is None else consent.terms)
    if terms is None:
        raise Conflict("A consent is given with what it is to")
    events = (event,) if consent is None else (*consent.events, event)
    return Consent(event.consent, event.subject if consent is None else consent.subject, state, terms, events)


def folded(events: Sequence[Event]) -> Consent:
    """What the events of one consent come to. Raises Conflict."""
    consent: Consent | None = None
    for event in events:
        consent = after(consent, event)
    if consent is None:
        raise Conflict("There is no consent without an event")
    return consent


def names_of(by: Principal) -> tuple[str, ...]:
    """How the recipients of a consent may name who asks."""
    return (
        f"{Whom.PERSON}:{by.id}",
        f"{Whom.PROGRAM}:{by.id}",
        *(f"{Whom.ROLE}:{role}" for role in sorted(by.roles)),
    )


def lets_see(terms: Terms, entity: Entity, span: Span | None) -> Sight | None:
    """Of which attributes of an entity about who consented the terms let something be seen; None where of none.

    span: of its past within this time; None: as it is at present.
    """
    if (terms.types and set(terms.types).isdisjoint(entity.types)) or not _is_there(terms, entity):
        return None
    sight = Sight(frozenset(terms.attributes)) if terms.attributes else WHOLE
    if terms.begin is None and terms.end is None:
        return sight
    if span is not None:
        return sight if _holds_time(terms, span.begin) and _holds_time(terms, span.end) else Sight(frozenset())
    inside = [name for name, several in entity.attributes.items() if all(_observed_in(terms, one) for one in several)]
    return Sight(frozenset(sight.among(inside)))


def _is_there(terms: Terms, entity: Entity) -> bool:
    return (not terms.scopes or in_scope(scope_selection(terms.scopes), entity.scopes)) and (
        terms.area is None or is_within(entity, terms.area)
    )


def _observed_in(terms: Terms, instance: Attribute) -> bool:
    at = instance.observed_at or instance.modified_at
    return at is not None and _holds_time(terms, to_micros(at))


def _holds_time(terms: Terms, at: int) -> bool:
    return (terms.begin is None or to_micros(terms.begin) <= at) and (terms.end is None or at <= to_micros(terms.end))
