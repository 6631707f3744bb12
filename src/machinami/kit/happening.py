"""What is happening in town, in rows that every service can give and the portal can show?

A service's `page.py` offers `happening(...)`, what is going on now, and may offer `events(...)`, what happened in a
span of time, as `Chronicler` has it; the portal gathers the answers without knowing the service.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from machinami.foundation.errors import Forbidden, SignInRequired
from machinami.kit.charts import Direction, Line, Point, trend
from machinami.kit.city import City
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Alert

V = TypeVar("V")
Level = Literal[0, 2, 3, 4, 5]
"""警戒レベル相当: 0 calm, 2 氾濫注意, 3 避難判断, 4 氾濫危険, 5 氾濫発生 (内閣府 避難情報に関するガイドライン)."""

LEVELS: tuple[Level, ...] = (2, 3, 4, 5)
SILENT_AFTER = timedelta(minutes=40)


@dataclass(frozen=True, slots=True)
class Notice:
    """What the town has told its people: approved by a named person, still in force. own: its level is a colour for how
    grave it is on the scale of what says it, and no 警戒レベル."""

    id: str
    level: Level
    headline: str
    body: str
    instruction: str
    area: str
    since: datetime
    approved_by: str
    link: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One gauge now: its value, its state, and the line of its last hours. `level` None: the state is unknown."""

    id: str
    name: str
    place: str
    value: float | None
    unit: str
    observed_at: datetime | None
    level: Level | None
    series: Sequence[Point]
    lines: Sequence[Line]
    link: str
    kind: Literal["level", "rain"] = "level"
    reason: str = ""
    lon: float | None = None
    lat: float | None = None
    digits: int = 2

    @property
    def direction(self) -> Direction:
        """Which way it goes; unknown while it is silent."""
        return "unknown" if self.level is None else trend(self.series)


@dataclass(frozen=True, slots=True)
class Spot:
    """A cool place on the map that a service tells of: note says how it stands now."""

    id: str
    name: str
    lon: float
    lat: float
    note: str
    link: str


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that should bring data: when it last did, and how often it ought to."""

    id: str
    name: str
    last: datetime | None
    every: timedelta
    link: str

    def silent(self, now: datetime) -> bool:
        """Whether it has missed so much that its silence must be said."""
        return self.last is None or now - self.last > max(self.every * 3, SILENT_AFTER)


@dataclass(frozen=True, slots=True)
class Happening:
    """What one service knows to be going on."""

    notices: Sequence[Notice] = ()
    readings: Sequence[Reading] = ()
    sources: Sequence[Source] = ()
    waiting: int = 0
    """How many proposals wait for an officer."""
    closed: frozenset[str] = frozenset()
    """The types (short names) of which who looks may not see everything: none of them being there means nothing."""
    cool: Sequence[Spot] = ()


Weight = Literal[1, 2, 3]
"""How much an event matters to the town: 1 one of many, 2 what people speak of, 3 what everybody was told."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in town. words: what, as one sentence in the reader's language; address: where to read
    more of it; simulated: whether it never happened outside the simulation."""

    at: datetime
    words: str
    address: str
    weight: Weight = 1
    simulated: bool = False


class Chronicler(Protocol):
    """What a page module may offer as `events`."""

    async def __call__(self, city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
        """What happened from start to before end, as far as who looks may see it, in any order. What never happened (a
        proposal that waits) is told as what it is; nobody is named who does not hold an office."""
        ...


def as_level(number: int | None) -> Level:
    """A warning level, or a grade that has its colour, as pages know it; what is none of them is calm."""
    return next((level for level in LEVELS if level == number), 0)


async def seen(city: City, view: type[V]) -> list[V]:
    """All of a type that who looks may see: none where nothing of it is open to them, so that an event that they may
    see is not lost for another that they may not."""
    try:
        return await city.find(view)
    except (SignInRequired, Forbidden):
        return []


def events_of_alert(alert: Alert, words: Words, key: str, address: str) -> Iterator[Event]:
    """That the town told its people something, and that it took it back. key: where the catalogue has `issued` (says,
    area) and `ended` (says)."""
    says, simulated = words.of(alert.headline, words.of(alert.event)), bool(alert.simulated)
    if alert.date_issued is not None:
        told = words.plain(f"{key}.issued", says=says, area=words.of(alert.area_name))
        yield Event(alert.date_issued, told, address, 3, simulated)
    if alert.withdrawn_at is not None:
        yield Event(alert.withdrawn_at, words.plain(f"{key}.ended", says=says), address, 3, simulated)


def gather(parts: Iterable[Happening]) -> Happening:
    """All that the services say, worst first; what several of them hear is one source."""
    held = list(parts)
    sources: dict[str, Source] = {}
    for source in (source for part in held for source in part.sources):
        sources.setdefault(source.id, source)
    return Happening(
        notices=sorted((n for p in held for n in p.notices), key=lambda n: (-n.level, n.since)),
        readings=sorted((r for p in held for r in p.readings), key=_urgency),
        sources=list(sources.values()),
        cool=[spot for part in held for spot in part.cool],
        waiting=sum(p.waiting for p in held),
        closed=frozenset().union(*(p.closed for p in held)),
    )


def worst(happening: Happening) -> Level | None:
    """The highest level in force, published or observed; None where nothing is known at all."""
    known = [n.level for n in happening.notices if not n.own]
    known += [r.level for r in happening.readings if r.level is not None]
    return max(known, default=None)


def _urgency(reading: Reading) -> tuple[int, str]:
    return (-1 if reading.level is None else -reading.level, reading.name)
