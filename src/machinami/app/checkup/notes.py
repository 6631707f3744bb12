"""What does an installation note of itself from day to day? That it lives, how its data grow, since when it fares ill.

One small file in the data folder, `checkup.json`. It holds no data of the town; without it nothing is lost but the past
of the forecast.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from machinami.app.durable import read_json, write_json
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.checkup.forecast import Sample

FILE = "checkup.json"
SAMPLED = timedelta(hours=6)
_MOST_SAMPLES = 1_600  # more than a year of them
JUMP_TOLD = timedelta(days=2)


@dataclass(slots=True)
class Notes:
    """What is noted. beat: when it was noted last; growth: what the data took, from time to time; noticed: since when
    each finding is known, by its name; jump: by how many seconds the clock was set while the town ran, and when."""

    beat: datetime | None = None
    growth: list[Sample] = field(default_factory=list)
    noticed: dict[str, datetime] = field(default_factory=dict)
    jump: tuple[float, datetime] | None = None

    def measure(self, now: datetime, used: int) -> None:
        """Note what the data take, once every few hours."""
        if self.growth and now - self.growth[-1].at < SAMPLED:
            return
        self.growth.append(Sample(now, used))
        del self.growth[:-_MOST_SAMPLES]

    def notice(self, now: datetime, names: Iterable[str]) -> None:
        """Note what is found now; what is not found any more is forgotten."""
        self.noticed = {name: self.noticed.get(name, now) for name in names}

    def tick(self, now: datetime, passed: float) -> None:
        """Note that the town lives. passed: the seconds since the last tick by a clock that nobody sets."""
        if self.beat is not None and passed > 0:
            by = (now - self.beat).total_seconds() - passed
            if abs(by) >= 1.0:
                self.jump = by, now
        if self.jump is not None and now - self.jump[1] > JUMP_TOLD:
            self.jump = None
        self.beat = now


def load(data: Path) -> Notes:
    """What was noted in a data folder; nothing where the file is not there or says nothing."""
    try:
        kept = read_json(data / FILE)
        return _read(kept) if isinstance(kept, dict) else Notes()
    except (OSError, ValueError, TypeError, KeyError, IndexError):  # it is worth no fault: it is written anew
        return Notes()


def save(data: Path, notes: Notes) -> None:
    """Keep them."""
    told: dict[str, Any] = {
        "beat": None if notes.beat is None else format_instant(notes.beat),
        "growth": [[format_instant(one.at), one.used] for one in notes.growth],
        "noticed": {name: format_instant(at) for name, at in notes.noticed.items()},
        "jump": None if notes.jump is None else [notes.jump[0], format_instant(notes.jump[1])],
    }
    write_json(data / FILE, told, secret=False)


def _read(kept: Mapping[str, Any]) -> Notes:
    beat, jump = kept.get("beat"), kept.get("jump")
    return Notes(
        None if beat is None else parse_instant(beat),
        [Sample(parse_instant(at), int(used)) for at, used in kept.get("growth", ())],
        {str(name): parse_instant(at) for name, at in kept.get("noticed", {}).items()},
        None if jump is None else (float(jump[0]), parse_instant(jump[1])),
    )
