"""How is what the flood service knows said to a reader: as sentences, names, lines and notices?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from machinami.kit.approving import notice_of
from machinami.kit.charts import Line
from machinami.kit.happening import Level, Notice, as_level
from machinami.kit.moments import TOWN_ZONE, moment
from machinami.kit.units import symbol
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.decisions import Reason
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood import service
from machinami.services.flood.model import MARKS, FloodMonitoring, Thresholds

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
    return notice_of(alert, as_level(alert.warning_level), ADDRESS, words)


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
