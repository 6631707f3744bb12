"""For what does the town ask people at present, and what can they choose of it? What was approved, and no more."""

from collections.abc import Iterable, Sequence

from machinami.apis.consent.office import Office
from machinami.apis.consent.terms_form import Offer, longest
from machinami.broker import legal_records
from machinami.broker.contexts import town_context
from machinami.broker.legal_records import law_of
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.model.approval import Approval, Bounds, bounds_of
from machinami.model.consent import Consent
from machinami.model.purpose import Purpose


def offers(office: Office, town: Town) -> list[Offer]:
    """All that people may be asked for now."""
    now, found = town.clock(), []
    for purpose in legal_records.purposes(town):
        approval = law_of(town).approvals.get(purpose.id)
        if purpose.is_open(now) and approval is not None and approval.holds(now):
            found.append(_offer(office, town, purpose, approval.bounds, decision_of(approval)))
    return found


def offer(office: Office, town: Town, purpose: str, known: Consent | None = None) -> Offer:
    """What is asked for one purpose. known: a consent that may be narrowed, though nobody is asked anew any more.
    Raises NotFound where nobody is asked for it."""
    found = next((one for one in offers(office, town) if one.purpose.id == purpose), None)
    if found is not None:
        return found
    published = law_of(town).purposes.get(purpose)
    if known is None or published is None or not published.is_open(town.clock()):
        raise NotFound(f"Nobody is asked for {purpose[:100]!r}")
    return _offer(office, town, published, bounds_of(known.terms), "")


def decision_of(approval: Approval | None) -> str:
    """Where it can be read why people may be asked."""
    return "" if approval is None else f"/ethics/{approval.application}"


def _offer(office: Office, town: Town, purpose: Purpose, bounds: Bounds, decision: str) -> Offer:
    until = min(bounds.until, longest(town.clock()))
    whole = office.enrolling(purpose.id) is not None
    choices = () if whole else bounds.attributes or _attributes(office, bounds.types)
    page = office.service_page(purpose.id)
    return Offer(
        purpose,
        bounds.types,
        bounds.attributes,
        bounds.recipients,
        until,
        bounds.scopes,
        choices,
        page,
        decision,
        whole,
    )


def _attributes(office: Office, types: Sequence[str]) -> tuple[str, ...]:
    """The attributes of these types, as far as services say which they have."""
    expand = town_context().expand
    manifests = [house.city.manifest for house in office.houses()]
    uses = [use for one in manifests for use in (*one.writes, *one.reads) if expand(use.type) in types]
    return _once(expand(name) for use in uses for name in use.attributes)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
