"""Can this be consented to? What a consent must say before it is taken down."""

from datetime import datetime, timedelta

from machinami.foundation.urn import is_uri
from machinami.model.consent import Terms
from machinami.model.policy import Whom
from machinami.model.principal import Role

LONGEST = timedelta(days=3_660)
_MOST_NAMES = 50


def faults(terms: Terms, now: datetime) -> str | None:
    """What is wrong with the terms in themselves; None if nothing is."""
    if not (terms.types or terms.attributes):
        return "it names the data: a type or an attribute at least"
    if not terms.recipients:
        return "it names who is given the data"
    for names in (terms.types, terms.attributes, terms.recipients, terms.scopes):
        if len(names) > _MOST_NAMES:
            return f"it names more than {_MOST_NAMES} of one kind"
    for recipient in terms.recipients:
        fault = _recipient_fault(recipient)
        if fault is not None:
            return fault
    if terms.until <= now:
        return "it would end before it begins"
    if terms.until > now + LONGEST:
        return f"it would hold for more than {LONGEST.days // 366} years"
    if terms.begin is not None and terms.end is not None and terms.end < terms.begin:
        return "the time of the data would end before it begins"
    return None


def _recipient_fault(recipient: str) -> str | None:
    kind, _, name = recipient.partition(":")
    if kind == Whom.ROLE:
        known = name in set(Role) and name not in (Role.OPERATOR, Role.RESIDENT)
        return None if known else f"{name[:50]!r} is no role that may be given personal data"
    if kind in (Whom.PERSON, Whom.PROGRAM) and is_uri(name):
        return None
    return f"{recipient[:100]!r} names nobody; write role:officer, person:ID or program:ID"
