"""For what may a town ask people for consent, and how far may it go? Approvals, as who decides on purposes left them.

A consent that was given on an approval outlives it: what an approval ends by its date is only the asking.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from machinami.model.consent import Terms
from machinami.model.policy import Whom
from machinami.model.principal import Role

NO_LONGER = timedelta(days=3_660)
_HANDS_ON = f"{Whom.ROLE}:{Role.NEIGHBOUR}"  # who is given data to be shown elsewhere


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that people may be asked to consent to.

    types, attributes: expanded names; no attribute named is all of the types, no type named the attributes wherever
    they are. recipients: as a consent names them. until: when each consent ends at the latest. scopes: only data within
    these; none named is anywhere. forwarding: whether data may be given to neighbouring towns. group: of how many
    people whatever is published must be at least; 0 where nothing is said of it.
    """

    recipients: tuple[str, ...]
    until: datetime
    types: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    forwarding: bool = False
    group: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Conditions that a machine can check; each can only make bounds narrower. What is None or empty limits nothing."""

    until: datetime | None = None
    recipients: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    no_forwarding: bool = False
    group: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """That people may be asked for a purpose. application: what was decided on; office: who decided, `board` or `head`;
    review_by: from when on nobody is asked anew unless it was looked at again; ended: when it ended before."""

    purpose: str
    application: str
    office: str
    bounds: Bounds
    decided_at: datetime
    review_by: datetime
    ended: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether people may be asked."""
        return self.ended is None and now < self.review_by


def narrowed(bounds: Bounds, limits: Limits) -> Bounds:
    """The bounds with conditions laid on them."""
    return Bounds(
        _fewer(bounds.recipients, limits.recipients),
        bounds.until if limits.until is None else min(bounds.until, limits.until),
        _fewer(bounds.types, limits.types),
        _fewer(bounds.attributes, limits.attributes),
        bounds.scopes,
        bounds.forwarding and not limits.no_forwarding,
        max(bounds.group, limits.group),
    )


def _fewer(most: tuple[str, ...], only: tuple[str, ...]) -> tuple[str, ...]:
    if not only:
        return most
    return tuple(name for name in most if name in only) if most else only


def limit_faults(bounds: Bounds, limits: Limits, now: datetime) -> str | None:
    """What is wrong with conditions in themselves; None if nothing is."""
    left = narrowed(bounds, limits)
    if limits.until is not None and limits.until <= now:
        return "the last day for consents is over"
    if limits.group < 0:
        return "a group has no fewer people than none"
    for name, before, after in (
        ("recipients", bounds.recipients, left.recipients),
        ("types", bounds.types, left.types),
        ("attributes", bounds.attributes, left.attributes),
    ):
        if before and not after:
            return f"none of the {name} that were applied for would be left"
    return None


def excess(terms: Terms, bounds: Bounds) -> str | None:
    """In what a consent would go beyond the bounds; None where it lies within."""
    if terms.until > bounds.until:
        return f"it would hold beyond {bounds.until:%Y-%m-%d}"
    beyond = sorted(set(terms.recipients) - set(bounds.recipients))
    if beyond:
        return f"{beyond[0]} is none of those to whom data may be given"
    if not bounds.forwarding and _HANDS_ON in terms.recipients:
        return "data may not be handed on to neighbouring towns"
    for what, asked, most in (
        ("types", terms.types, bounds.types),
        ("attributes", terms.attributes, bounds.attributes),
    ):
        if most and not asked:
            return f"it names no {what}, which means all of them; {_short(most)} may be asked for"
        if most and not set(asked) <= set(most):
            return f"{_short(sorted(set(asked) - set(most)))} may not be asked for, only {_short(most)}"
    if bounds.scopes and not (terms.scopes and all(_is_inside(one, bounds.scopes) for one in terms.scopes)):
        return f"it is not only for data within {', '.join(bounds.scopes)}"
    return None


def bounds_of(terms: Terms) -> Bounds:
    """The terms of a consent as bounds: what lies within them gives no more than it did."""
    forwarding = _HANDS_ON in terms.recipients
    return Bounds(terms.recipients, terms.until, terms.types, terms.attributes, terms.scopes, forwarding)


def _short(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(name.rpartition("/")[2] for name in names)


def _is_inside(scope: str, scopes: tuple[str, ...]) -> bool:
    plain = scope.removesuffix("/#")
    return any(
        plain == most.removesuffix("/#") or (most.endswith("/#") and plain.startswith(most[:-1])) for most in scopes
    )
