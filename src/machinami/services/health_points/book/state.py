"""What do the pages show of a resident's days and points, of the town's figures, and of the ledger?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from machinami.kit.settings import SettingSheet
from machinami.services.health_points.logic.bookings import Voucher
from machinami.services.health_points.model import PointsAudit, WalkingEffect, WalkingKpi


@dataclass(frozen=True, slots=True)
class DaySheet:
    """One day: what counts, what it is worth, and the sentences of what is asked or refused."""

    day: date
    said: str
    steps: int
    minutes: int
    state: str
    points: int
    reasons: Sequence[str] = ()
    refused: bool = False

    @property
    def is_open(self) -> bool:
        """Whether something waits for the resident's answer."""
        return self.state == "asked" or (self.state == "refused" and bool(self.reasons)) or self.refused


@dataclass(frozen=True, slots=True)
class Bar:
    """One day in the picture: a rectangle in a box of 100 by 100, and whether the goal was reached."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    said: str


@dataclass(frozen=True, slots=True)
class LotSheet:
    """Points that run out on one day."""

    expires: date
    said: str
    points: int


@dataclass(frozen=True, slots=True)
class BookingSheet:
    """One booking in words."""

    said: str
    kind: str
    points: int
    about: str


@dataclass(frozen=True, slots=True)
class Mine:
    """All that a resident who takes part sees of themselves."""

    key: str
    walker: str
    pseudonym: str
    profile: str
    joined_on: str
    goal: int | None
    target: int
    plan: int | None
    today: DaySheet | None
    days: Sequence[DaySheet]
    bars: Sequence[Bar]
    goal_line: float | None
    doubts: Sequence[DaySheet]
    advice: Sequence[str]
    usable: int
    held: int
    voucher_points: int
    lots: Sequence[LotSheet]
    vouchers: Sequence[tuple[Voucher, str]]
    bookings: Sequence[BookingSheet]


@dataclass(frozen=True, slots=True)
class Contested:
    """A day that a resident objected about, for the officer: under its pseudonym."""

    walker: str
    short: str
    sheet: DaySheet


@dataclass(frozen=True, slots=True)
class PartnerSheet:
    """A transport company that takes vouchers."""

    name: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What the town is told of all who take part."""

    town: WalkingKpi | None
    groups: Sequence[WalkingKpi]
    hidden: int
    effect: WalkingEffect | None
    audit: PointsAudit | None
    smallest: int


@dataclass(frozen=True, slots=True)
class Office:
    """What only officers see: objections, doubts by kind, partners, settings."""

    contested: Sequence[Contested]
    doubts: Sequence[tuple[str, int]]
    partners: Sequence[PartnerSheet]
    settings: Sequence[SettingSheet]
