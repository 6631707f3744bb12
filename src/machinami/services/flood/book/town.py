"""What does the flood service of a town know, as its pages see it? Officers decide through it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from machinami.kit import approving
from machinami.kit.approving import LOG_LENGTH, ProposalRow, decision_row, proposal_row
from machinami.kit.city import City
from machinami.kit.happening import as_level
from machinami.kit.moments import TOWN_ZONE
from machinami.kit.settings import Refused, sheets_of, take_setting
from machinami.kit.units import symbol
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Message, in_force
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood import service
from machinami.services.flood.book.state import (
    Score,
    Sheet,
    State,
    ThresholdChange,
)
from machinami.services.flood.book.telling import (
    Teller,
    notice,
    state_of,
    unit_of,
)
from machinami.services.flood.logic.situation import steps_of, thresholds_of
from machinami.services.flood.model import FloodDecision, FloodProposal, ModelScore, Thresholds

FORECAST_SHOWN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TownBook:
    """The flood service of one town as its pages see it."""

    city: City
    zone: str = TOWN_ZONE

    async def state(self, words: Words) -> State:
        """All that is known now, in the reader's words."""
        now = self.city.now()
        standing = await service.standing(self.city, now)
        names = {g.id: words.of(g.name, g.id) for g in standing.known.gauges}
        units = {g.id: symbol(g.water_level.unit if g.water_level else None) for g in standing.known.gauges}
        teller = Teller(words, now, self.zone)
        waiting = [p for p in standing.known.proposals if p.state == "proposed"]
        return State(
            [_sheet(g, standing, teller) for g in standing.known.gauges],
            [notice(a, words) for a in in_force(standing.known.alerts, now)],
            [_proposal(p, names, units, teller) for p in sorted(waiting, key=_urgency)],
            [decision_row(d, words) for d in service.OWN.log(standing.decisions)[:LOG_LENGTH]],
            [row for s in standing.scores for row in _scores(s, names)],
            standing.settings.public_forecast,
            await sheets_of(self.city, asdict(standing.settings), words),
            standing.closed,
        )

    async def approve(self, proposal: str, message: Message, by: Officer) -> None:
        """Publish a proposal as the officer wrote it."""
        await service.approve(self.city, proposal, message, by)

    async def decline(self, proposal: str, reason: str, by: Officer) -> None:
        """Decide not to publish a proposal."""
        await approving.decline(self.city, service.OWN, proposal, reason, by)

    async def withdraw(self, notice: str, reason: str, by: Officer) -> None:
        """Take back what is published."""
        await approving.withdraw(self.city, service.OWN, notice, reason, by)

    async def set_thresholds(self, gauge: str, levels: Thresholds, reason: str, by: Officer) -> None:
        """Change the levels of a gauge."""
        await service.set_thresholds(self.city, gauge, levels, reason, by)

    async def undo_thresholds(self, gauge: str, by: Officer, seen: datetime) -> None:
        """Bring back the levels before the last change."""
        await service.undo_thresholds(self.city, gauge, by, seen)

    async def setting(self, form: Mapping[str, str], words: Words) -> Refused | None:
        """Change or undo a setting of the service."""
        return await take_setting(self.city, form, words, service.set_setting)


def _sheet(gauge: RiverGauge, standing: service.Standing, teller: Teller) -> Sheet:
    forecast = standing.known.forecasts.get(gauge.id)
    changes = [d for d in service.OWN.log(standing.decisions) if d.ref_subject == gauge.id and d.after and d.before]
    level, reason = state_of(gauge, standing, teller)
    steps = steps_of(forecast, teller.now, FORECAST_SHOWN) if level is not None else ()
    return Sheet(
        gauge.id,
        teller.words.of(gauge.name, gauge.id),
        teller.words.of(gauge.river),
        unit_of(gauge),
        thresholds_of(gauge),
        level,
        [(one.at, one.value) for one in standing.known.levels.get(gauge.id, ())],
        reason,
        steps,
        forecast.issued_at if forecast and steps else None,
        [(one.at, one.value) for one in standing.known.rain],
        [_change(d) for d in changes],
    )


def _proposal(found: FloodProposal, names: Mapping[str, str], units: Mapping[str, str], teller: Teller) -> ProposalRow:
    gauge = str(found.ref_subject)
    reasons = [teller.sentence(row, units.get(gauge, "")) for row in found.reasons or []]
    return proposal_row(found, as_level(found.grade), names.get(gauge, gauge), reasons, teller.words)


def _change(found: FloodDecision) -> ThresholdChange:
    by = (found.decided_by or "", found.role or "", found.reason or "")
    before, after = Thresholds.of(found.before), Thresholds.of(found.after)
    return ThresholdChange(found.decided_at, *by, before, after)


def _scores(found: ModelScore, names: Mapping[str, str]) -> list[Score]:
    """The scores of one gauge with rain known only until now, which is how the model is judged."""
    gauge = str(found.ref_gauge)
    at = found.trained_at
    rows = [row for row in found.scores or [] if row["rain"] == "past"]
    return [
        Score(
            names.get(gauge, gauge),
            round(row["hours"]),
            row["model"],
            row["persistence"],
            symbol(found.unit),
            row["coverage"],
            found.rows or 0,
            at,
            bool(row["used"]),
        )
        for row in rows
        if at is not None
    ]


def _urgency(proposal: FloodProposal) -> tuple[int, str]:
    return (-(proposal.grade or 0), proposal.id)
