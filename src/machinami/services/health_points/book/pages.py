"""What do the pages of one town show to a resident, an officer and a successor?"""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime

from machinami.kit.city import City
from machinami.kit.settings import SettingSheet, sheets_of
from machinami.kit.words import Words
from machinami.services.health_points import service
from machinami.services.health_points.book.state import (
    Contested,
    Figures,
    LotSheet,
    Mine,
    Office,
    PartnerSheet,
)
from machinami.services.health_points.book.telling import advice_said, bars, booking, day_name, sheet
from machinami.services.health_points.logic.advice import advise, plan_of, target_of
from machinami.services.health_points.logic.days import accepted
from machinami.services.health_points.logic.joining import PURPOSE, NotTakingPart
from machinami.services.health_points.logic.summary import TOWN
from machinami.services.health_points.model import (
    AGE_BANDS,
    PointsAudit,
    Settings,
    Walker,
    WalkingEffect,
    WalkingKpi,
)

BOOKINGS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class PointsBook:
    """The health points of one town as its pages see them."""

    city: City
    zone: str

    async def mine(self, key: str, words: Words) -> Mine | None:
        """All of the resident with this key; None where nobody takes part under it."""
        try:
            walker = await service.walker_of(self.city, key)
        except NotTakingPart:
            return None
        now = self.city.now()
        on = service.today(self.city, now)
        rows = await service.days_of(self.city, walker.id, on, service.SHOWN_DAYS)
        days = [sheet(row, words, self.zone) for row in rows]
        known = accepted(rows)
        shown, line = bars(days, walker.goal, on)
        journal, entries = await service.journal_of(self.city, walker.id)
        settings = await self.city.settings(Settings)
        expiring: Counter[str] = Counter()
        for lot in journal.lots.values():
            expiring[lot.expires.isoformat()] += lot.left
        vouchers = await service.vouchers_of(self.city, walker.id)
        return Mine(
            key,
            walker.id,
            walker.id.rpartition(":")[2],
            self._profile(walker, words),
            walker.joined_on or "",
            walker.goal,
            target_of(walker.age_band or "").steps,
            plan_of(walker.age_band or "", walker.sex or "unsaid"),
            next((day for day in days if day.day == on), None),
            days[::-1],
            shown,
            line,
            [day for day in days[::-1] if day.is_open or day.state == "contested"],
            [advice_said(a, words) for a in advise(known, walker.age_band or "", walker.goal)],
            journal.usable(on),
            journal.balances["held"],
            settings.voucher_points,
            [_lot(text, points, words) for text, points in sorted(expiring.items())],
            [(v, day_name(v.until.date(), words)) for v in vouchers if v.state == "held"],
            [booking(entry, words) for entry in entries[::-1][:BOOKINGS_SHOWN]],
        )

    def _profile(self, walker: Walker, words: Words) -> str:
        age = words.plain(f"points.age.{_key(walker.age_band)}")
        sex = words.plain(f"points.sex.{walker.sex or 'unsaid'}")
        return " ・ ".join([age, sex, walker.district or words.plain("points.district_unsaid")])

    async def figures(self) -> Figures:
        """What is told of the town; the service answers for that it names nobody."""
        own = self.city.for_purpose(PURPOSE)
        rows = await own.find(WalkingKpi)
        effects, audits = await own.find(WalkingEffect), await own.find(PointsAudit)
        groups = sorted((k for k in rows if k.age_band != TOWN), key=_group_order)
        return Figures(
            next((k for k in rows if k.age_band == TOWN), None),
            [k for k in groups if not k.suppressed],
            sum(bool(k.suppressed) for k in groups),
            effects[0] if effects else None,
            audits[0] if audits else None,
            (await self.city.settings(Settings)).smallest_group,
        )

    async def office(self, words: Words) -> Office:
        """What officers see and decide."""
        own = self.city.for_purpose(PURPOSE)
        on = service.today(self.city, self.city.now())
        contested: list[Contested] = []
        kinds: Counter[str] = Counter()
        for walker in await own.find(Walker):
            for row in await service.days_of(self.city, walker.id, on, service.SHOWN_DAYS):
                kinds.update(finding["kind"] for finding in row.findings or [])
                if row.state == "contested":
                    short = walker.id.rpartition(":")[2][-6:]
                    contested.append(Contested(walker.id, short, sheet(row, words, self.zone)))
        partners = [
            PartnerSheet(row["name"], f"{row['by']}（{row['role']}）", datetime.fromisoformat(row["at"]))
            for row in await service.partners(self.city)
        ]
        doubts = [(words.plain(f"points.doubt.{kind}"), count) for kind, count in kinds.most_common()]
        return Office(contested, doubts, partners, await self.settings(words))

    async def settings(self, words: Words) -> list[SettingSheet]:
        """Every setting with its past."""
        return await sheets_of(self.city, asdict(await self.city.settings(Settings)), words)


def _lot(text: str, points: int, words: Words) -> LotSheet:
    expires = datetime.fromisoformat(text).date()
    return LotSheet(expires, f"{expires.year} {day_name(expires, words)}", points)


def _key(age_band: str | None) -> str:
    return (age_band or "unsaid").replace("+", "plus")


def _group_order(row: WalkingKpi) -> tuple[int, str]:
    age = AGE_BANDS.index(row.age_band) if row.age_band in AGE_BANDS else len(AGE_BANDS)
    return age, row.district or ""
