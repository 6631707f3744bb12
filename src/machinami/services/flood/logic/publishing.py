"""Which alert does an approved proposal about a gauge become?"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from machinami.model.cap import grades
from machinami.model.publishing import sent
from machinami.model.view import Ref
from machinami.model.vocabulary.alerts import Alert, Texts
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood.model import SERVICE, FloodProposal, Settings


def issued(
    entity_id: str,
    proposal: FloodProposal,
    texts: Texts,
    gauge: RiverGauge,
    standing: Sequence[Alert],
    by: Officer,
    settings: Settings,
    now: datetime,
) -> Alert:
    """The alert that an approved proposal becomes: an Update where others stand for the gauge, else an Alert."""
    level = proposal.grade or 0
    observed = any(row.get("kind") in ("passed", "held") for row in proposal.reasons or [])
    urgency, severity, certainty = grades(level, observed)
    alert = Alert(
        id=entity_id,
        category="weather",
        sub_category="flood",
        warning_level=level,
        event=texts.event,
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        headline=texts.headline,
        text=texts.text,
        instruction=texts.instruction,
        area_name=texts.area_name,
        location=gauge.location,
        radius=settings.area_radius,
        alert_source=f"{by.role} {by.who}",
        sender=settings.sender,
        # A simulated gauge may never set off a real response.
        status="Exercise" if gauge.simulated else "Actual",
        valid_from=now,
        valid_to=now + timedelta(hours=settings.alert_hours),
        ref_gauge=Ref(gauge.id),
        ref_proposal=Ref(proposal.id),
        decided_by=by.who,
        role=by.role,
        simulated=gauge.simulated,
        source_service=SERVICE,
        kind="warning",
        ref_subject=Ref(gauge.id),
    )
    return sent(alert, standing, now)
