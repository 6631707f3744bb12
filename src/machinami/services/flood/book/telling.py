"""How is what the flood service knows said to a reader: as sentences, names, lines and notices?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from machinami.kit.charts import Line
from machinami.kit.drills import marked
from machinami.kit.happening import Level, Notice
from machinami.kit.moments import TOWN_ZONE, moment
from machinami.kit.units import symbol
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.decisions import Reason
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood import service
from machinami.services.flood.model import MARKS, FloodDecision, FloodMonitoring, Thresholds

ADDRESS = "/services/flood"
FAULTS = ("never", "silent", "range", "stuck", "jump")


@dataclass(frozen=True, slots=True)
class Teller:
    """Says rows of reasons as sentences, at a moment, in a language and a time zone."""

    words: Words
    now: datetime
    zone: str = TOWN_ZONE

    def sentence(self, row: Mapping[str, Any], unit: str) -> str:
        """One reason as a sentence."""
        reason = Reason.of(dict(row))
        said: dict[str, object] = dict(reason.facts)
        for name in ("at", "since"):
            if name in said:
                said["time"] = self.clock(datetime.fromisoformat(str(said[name])))
        for name in ("value", "threshold", "middle"):
            if said.get(name) is not None:
                said[name] = f"{said[name]:.2f} {unit}"
        if "mark" in said:
            said["mark"] = self.words.plain(f"flood.mark_within.{said['mark']}")
        kind = reason.kind
        if kind == "moved":
            by = float(str(said["by"]))
            kind, said["by"] = ("rising" if by >= 0 else "falling"), f"{abs(by):.2f} {unit}"
        elif kind == "jump":
            said["by"] = f"{float(str(said['metres'])):+.2f}"
        elif kind == "expected":
            said["chance"] = round(100 * float(str(said["probability"])))
        return self.words.plain(f"flood.because.{kind}", **said)

    def clock(self, at: datetime) -> str:
        """A moment as people say it."""
        return moment(at, self.now, self.words, self.zone).clock


def notice(alert: Alert, words: Words) -> Notice:
    """What residents are told."""
    since = alert.date_issued or alert.valid_from
    assert since is not None, "an alert in force was issued"
    return Notice(
        alert.id,
        as_level(alert.warning_level),
        marked(alert, words.of(alert.headline), words),
        words.of(alert.text),
        words.of(alert.instruction),
        words.of(alert.area_name),
        since,
        alert.alert_source or "",
        ADDRESS,
    )


def as_level(level: int | None) -> Level:
    """A warning level as pages know it."""
    return next((row for row in (2, 3, 4, 5) if row == level), 0)


def newest_first(decisions: Sequence[FloodDecision]) -> list[FloodDecision]:
    """The log with the last decision on top; decisions of one moment come as they were taken."""
    dated = [(d.decided_at, d) for d in decisions if d.decided_at]
    return [d for _, d in sorted(dated, key=itemgetter(0))][::-1]


def lines(thresholds: Thresholds, words: Words) -> tuple[Line, ...]:
    """The levels that are set, as lines across a chart."""
    named = ((getattr(thresholds, mark), mark, level) for mark, level in MARKS)
    return tuple(Line(words.plain(f"flood.mark.{m}"), value, level) for value, m, level in named if value is not None)


def state_of(gauge: RiverGauge, standing: service.Standing, teller: Teller) -> tuple[Level | None, str]:
    """The observed level of a gauge, or None and why it is unknown."""
    found = standing.known.monitoring.get(gauge.id)
    if found is None:
        hidden = FloodMonitoring.TYPE in standing.closed
        return None, teller.words.plain("closed.state" if hidden else "flood.because.never")
    if found.warning_level is not None:
        return as_level(found.warning_level), ""
    rows = [row for row in found.reasons or [] if row["kind"] in FAULTS]
    return None, " ".join(teller.sentence(row, unit_of(gauge)) for row in rows)


def unit_of(gauge: RiverGauge) -> str:
    """The unit of a gauge's level, as people write it."""
    return symbol(gauge.water_level.unit if gauge.water_level else None)
