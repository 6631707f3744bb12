"""May people be asked for this? What is given or published for a purpose is held against its approval.

How an approval comes to be is nothing that is looked at here: `broker.ethics` leaves it.
"""

from datetime import datetime

from machinami.broker.law import Law
from machinami.foundation.errors import NotApproved
from machinami.model.approval import Approval, bounds_of, excess
from machinami.model.consent import Terms

_HOW = "apply to the ethics board of the town at /ethics"


def demand_approved(law: Law, purpose: str, now: datetime) -> Approval:
    """The approval by which people may be asked for a purpose. Raises NotApproved."""
    found = law.approvals.get(purpose)
    if found is None:
        raise NotApproved(f"Nobody may be asked for {purpose!r}: it has not been approved; {_HOW}", purpose=purpose)
    if found.ended is not None:
        raise NotApproved(
            f"Nobody may be asked for {purpose!r} any more: its approval ended on {found.ended:%Y-%m-%d}; {_HOW}",
            purpose=purpose,
        )
    if not found.holds(now):
        raise NotApproved(
            f"Nobody may be asked for {purpose!r} until it is looked at again: that was due on "
            f"{found.review_by:%Y-%m-%d}; what was given before holds on",
            purpose=purpose,
            reviewBy=found.review_by.isoformat(),
        )
    return found


def demand_askable(law: Law, terms: Terms, before: Terms | None) -> None:
    """Raise NotApproved where nobody may be asked to consent to this.

    before: what was consented to until now. Whoever consents to less than that is asked for nothing.
    """
    if before is not None and before.purpose == terms.purpose and _gives_no_more(terms, before):
        return
    approval = demand_approved(law, terms.purpose, law.clock())
    beyond = excess(terms, approval.bounds)
    if beyond is not None:
        raise NotApproved(
            f"This consent goes beyond what was approved for {terms.purpose!r}: {beyond}", purpose=terms.purpose
        )


def _gives_no_more(terms: Terms, before: Terms) -> bool:
    """Whether terms lie within others. Places and times of the data are compared as they are said."""
    if before.area is not None and terms.area != before.area:
        return False
    if before.begin is not None and (terms.begin is None or terms.begin < before.begin):
        return False
    if before.end is not None and (terms.end is None or terms.end > before.end):
        return False
    return excess(terms, bounds_of(before)) is None


def demand_group(law: Law, purpose: str, people: int) -> None:
    """Raise NotApproved where something is to be published for a purpose of a group that is smaller than approved."""
    found = law.approvals.get(purpose)
    least = 0 if found is None else found.bounds.group
    if people < least:
        raise NotApproved(
            f"For {purpose!r} nothing is published of fewer than {least} people, and this is of {people}",
            purpose=purpose,
            least=least,
        )
