"""What does the health points service do, and what may people do with it? Gather, decide, publish, book."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.services.health_points.logic import bookings, joining, summary
from machinami.services.health_points.logic.advice import next_goal
from machinami.services.health_points.logic.bookings import (
    JOURNALS,
    KEYS,
    LEAVING,
    OWNED,
    PARTNERS,
    PRINTS,
    STAMPS,
    TOTALS,
    VERDICTS,
    VOUCHERS,
    Voucher,
)
from machinami.services.health_points.logic.days import (
    Around,
    accepted,
    begun,
    day_id,
    day_ids,
    device_name,
    digest,
    handed_in,
    judged,
)
from machinami.services.health_points.logic.earning import is_open_to_change
from machinami.services.health_points.logic.joining import PURPOSE, Consents, NotTakingPart, OpenTown, Profile
from machinami.services.health_points.logic.ledger import Entry, Journal, read_entry
from machinami.services.health_points.logic.merging import by_day
from machinami.services.health_points.logic.plausibility import HISTORY_DAYS
from machinami.services.health_points.logic.reading import Read
from machinami.services.health_points.logic.stored import read_claims, read_journal
from machinami.services.health_points.model import (
    Exercise,
    Officer,
    PointsAudit,
    Settings,
    StepCount,
    Walker,
    WalkingEffect,
    WalkingKpi,
    WalkingSurvey,
)

PACKAGE = "machinami.services.health_points"
SHOWN_DAYS = 35
_SEALED, _AT_ONCE = "sealed", 200  # the stamp that all is sealed; records of one transaction meanwhile
LONGEST_LATE = 90  # the most that `late_days` can be set to
SIMULATED = "simulated-resident"
"""The key under which anyone may look at one invented resident; it opens nothing where nobody is invented."""


def consents(city: City) -> Consents:
    """The town's consents, as the service asks them; in a town that is open to everyone nobody is asked."""
    asked = city.consenting(PURPOSE)
    return asked if asked.is_asked else OpenTown()


async def refresh(city: City, now: datetime) -> None:
    """Forget who left, let points and vouchers run out, and, once a day or when somebody joined or was asked, judge
    what sources brought in, set goals and tell the figures: personal data are read no oftener than that."""
    own = city.for_purpose(PURPOSE)
    await _seal_what_was_plain(own)
    await _forget_who_left(own)
    await _run_out(own, now)
    surveys = await own.find(WalkingSurvey)
    stamp = [today(own, now).isoformat(), len(await own.private_rows(KEYS)), sum(len(s.answers or ()) for s in surveys)]
    if (await own.private_rows(STAMPS)).get(STAMPS) != {"figures": stamp}:
        walkers = await own.find(Walker)
        for walker in walkers:
            async with own.turn:
                await _catch_up(own, walker, now)
            await asyncio.sleep(0)
        invented = next((w for w in walkers if w.simulated), None)
        if invented is not None:
            await own.private(partial(_show_one, walker=invented))
            stamp[1] = len(await own.private_rows(KEYS))
        doubts = await _tell(own, await own.find(Walker), surveys, now)
        await _audit(own, now, doubts)
        prints, on = await own.private_rows(PRINTS), today(own, now)
        await own.private(lambda drawer: bookings.tidy(drawer, prints, on, LONGEST_LATE))
        await own.private(lambda drawer: drawer.put(STAMPS, STAMPS, {"figures": stamp}))
    else:
        await _audit(own, now, None)


async def join(city: City, profile: Profile, key: str, language: str) -> Walker:
    """Take part: a consent, a profile under a new pseudonym, and a key that only the resident has from now on."""
    own, now = city.for_purpose(PURPOSE), city.now()
    walker = joining.joined(city.new_id("Walker"), profile, today(city, now))
    await consents(own).give(walker.id, language)
    row = {"walker": walker.id, "since": walker.joined_on}
    await own.private(lambda drawer: drawer.put(KEYS, digest(key), row, about=walker.id))
    await own.publish(walker)
    return walker


async def enrol(city: City, person: str, key: str) -> None:
    """Take part by a consent that somebody gave at a desk, under the pseudonym that the town has for them: with no
    profile, and a key on paper in place of the one before. Raises NotTakingPart where no consent holds."""
    own = city.for_purpose(PURPOSE)
    if not consents(own).holds(person):
        raise NotTakingPart("Nobody takes part without a consent; take it down first")
    since = today(city, city.now()).isoformat()
    async with own.turn:
        papers = [name for name, row in (await own.private_rows(KEYS)).items() if row["walker"] == person]
        await own.private(partial(bookings.hand_out, walker_id=person, key=digest(key), papers=papers, since=since))
        if await own.get(Walker, person) is None:
            await own.publish(joining.joined(person, Profile(), today(city, city.now())))


async def walker_of(city: City, key: str) -> Walker:
    """Who takes part under a key. Raises NotTakingPart."""
    own = city.for_purpose(PURPOSE)
    found = await own.private(lambda drawer: bookings.key_row(drawer, key))
    if key and found is not None and consents(own).holds(found["walker"]):
        walker = await own.get(Walker, found["walker"])
        if walker is not None:
            return walker
    raise NotTakingPart("Nobody takes part under this key; join at /services/health_points")


async def withdraw(city: City, walker: Walker) -> int:
    """Leave: the consent ends at once, then steps, profile, key and devices are erased, and what is held or left of
    points runs out. The ledger keeps its bookings under the pseudonym, which nothing leads to any more.

    What is cut off in between is brought to its end by the next refresh. How many days were erased.
    """
    own = city.for_purpose(PURPOSE)
    since = walker.joined_on or today(city, city.now()).isoformat()
    async with own.turn:
        row = {"walker": walker.id, "since": since}
        await own.private(lambda drawer: drawer.put(LEAVING, walker.id, row, about=walker.id))
        return await _forget(own, walker.id, date.fromisoformat(since))


async def _seal_what_was_plain(own: City) -> None:
    """Seal, once, what was kept before records were sealed; a turn that was cut off is gone over again."""
    if _SEALED in await own.private_rows(STAMPS):
        return
    journals = list(await own.private_rows(JOURNALS))
    for shelf in (*OWNED, JOURNALS, *map(bookings.entries_shelf, journals)):
        names = list(await own.private_rows(shelf))
        for start in range(0, len(names), _AT_ONCE):
            await own.private(partial(bookings.reseal, shelf=shelf, names=names[start : start + _AT_ONCE]))
    await own.private(lambda drawer: drawer.put(STAMPS, _SEALED, {"at": own.now().isoformat()}))


async def _forget_who_left(own: City) -> None:
    """Forget those whose leaving was cut off, and those whose consent has ended elsewhere or by its date."""
    left = {row["walker"]: row for row in (await own.private_rows(LEAVING)).values()}
    for row in (await own.private_rows(KEYS)).values():
        if not consents(own).holds(row["walker"]):
            left[row["walker"]] = row
    for walker_id, row in left.items():
        async with own.turn:
            await _forget(own, walker_id, date.fromisoformat(row["since"]))


async def _forget(own: City, walker_id: str, joined: date) -> int:
    await consents(own).withdraw(walker_id)
    on = today(own, own.now())
    first_to_last = (on - joined).days + LONGEST_LATE + 2
    erased = await own.erase(StepCount, day_ids(walker_id, on + timedelta(days=1), first_to_last))
    await own.erase(Walker, [walker_id])
    shelves = {shelf: await own.private_rows(shelf) for shelf in OWNED}
    await own.private(lambda drawer: bookings.forget(drawer, walker_id, shelves, on))
    return erased


async def hand_in(city: City, walker: Walker, found: Read, device: str) -> list[StepCount]:
    """Take what a device handed in: each day that it says something new of is judged and booked anew.

    The same again changes nothing. Raises BadRequestData where nothing lies within the days that are still open.
    """
    own, now = city.for_purpose(PURPOSE), city.now()
    settings, zone = await own.settings(Settings), ZoneInfo(city.zone)
    named = [c._replace(device=device_name(device, c.device, walker.id)) for c in found.claims]
    doings = [e._replace(device=device_name(device, e.device, walker.id)) for e in found.exercises]
    claims = by_day(named, zone)
    exercises: dict[date, list[Exercise]] = {}
    for doing in doings:
        exercises.setdefault(doing.start.astimezone(zone).date(), []).append(doing)
    open_days = [
        day
        for day in sorted({*claims, *exercises})
        if is_open_to_change(day, today(city, now), settings.late_days)
        and not any(claim.start > now for claim in claims.get(day, ()))
    ]
    if (claims or exercises) and not open_days:
        what = f"Steps are taken of today and the {settings.late_days} days before, and not of the future"
        raise BadRequestData(what, days=[day.isoformat() for day in sorted(claims)])
    async with own.turn:
        handed = [claims.get(day, []) for day in open_days]
        strangers = await own.private(lambda drawer: bookings.strangers(drawer, walker.id, handed, today(city, now)))
        known = {d.id: d for d in await days_of(city, walker.id, today(city, now), SHOWN_DAYS + settings.late_days)}
        for day in open_days:
            before = known.get(day_id(walker.id, day)) or begun(walker.id, day)
            after = handed_in(before, claims.get(day, []), exercises.get(day, []))
            if after is not before:
                around = Around(accepted(known.values()), strangers, walker.goal, settings)
                known[after.id] = judged(after, around, now)
                await own.publish(known[after.id], whole=True)
        touched = [known[day_id(walker.id, day)] for day in open_days if day_id(walker.id, day) in known]
        await _settle(own, walker.id, touched, now)
    return touched


async def answer(city: City, walker: Walker, day: date, said: str) -> StepCount:
    """Take a resident's answer to what is asked or refused of a day."""
    if said not in ("walked", "not_mine"):
        raise BadRequestData("The answer is walked or not_mine", field="answer")
    return await _rejudged(city, walker.id, day, said, ("asked", "refused", "accepted"))


async def decide_objection(city: City, walker_id: str, day: date, verdict: str, by: Officer) -> StepCount:
    """An officer's decision on a day that a resident objected to."""
    if verdict not in ("granted", "denied"):
        raise BadRequestData("The decision is granted or denied", field="verdict")
    if not by.who.strip() or not by.role.strip():
        raise BadRequestData("A decision needs the name and the role of who takes it", field="who")
    after = await _rejudged(city, walker_id, day, verdict, ("contested",))
    row = {"walker": walker_id, "verdict": verdict, "by": by.who, "role": by.role, "at": city.now().isoformat()}
    await city.for_purpose(PURPOSE).private(lambda drawer: drawer.put(VERDICTS, after.id, row, about=walker_id))
    return after


async def _rejudged(city: City, walker_id: str, day: date, said: str, states: Sequence[str]) -> StepCount:
    own, now = city.for_purpose(PURPOSE), city.now()
    async with own.turn:
        before = await own.get(StepCount, day_id(walker_id, day))
        walker = await own.get(Walker, walker_id)
        if before is None or walker is None:
            raise NotFound(f"Nothing is known of {day}", day=day.isoformat())
        if before.state not in states or not before.findings:
            raise Conflict(f"There is nothing to answer on {day}", day=day.isoformat(), state=before.state)
        held = [read_claims(before.claims)]
        around = Around(
            accepted(await days_of(city, walker_id, day, HISTORY_DAYS + 1)),
            await own.private(lambda drawer: bookings.strangers(drawer, walker_id, held, today(city, now))),
            walker.goal,
            await own.settings(Settings),
        )
        after = judged(replace(before, answer=said), around, now)
        await own.publish(after, whole=True)
        await _settle(own, walker_id, [after], now)
    return after


async def days_of(city: City, walker_id: str, until: date, count: int) -> list[StepCount]:
    """The days of one walker that are known, the oldest first."""
    own = city.for_purpose(PURPOSE)
    return [day for i in day_ids(walker_id, until, count) if (day := await own.get(StepCount, i)) is not None]


async def journal_of(city: City, walker_id: str) -> tuple[Journal, list[Entry]]:
    """A walker's journal as it stands, and all its entries, the oldest first."""
    own = city.for_purpose(PURPOSE)
    head = await own.private(lambda drawer: drawer.get(JOURNALS, walker_id))
    rows = await own.private_rows(bookings.entries_shelf(walker_id))
    return read_journal(head), [read_entry(rows[name]["row"]) for name in sorted(rows)]


async def vouchers_of(city: City, walker_id: str) -> list[Voucher]:
    """A walker's vouchers."""
    rows = await city.for_purpose(PURPOSE).private_rows(VOUCHERS)
    return [Voucher.of(code, row) for code, row in rows.items() if row["walker"] == walker_id]


async def take_voucher(city: City, walker: Walker, code: str) -> Voucher:
    """Set points aside for one ride. The code is the idempotency key: asked again, it is the same voucher."""
    own, now = city.for_purpose(PURPOSE), city.now()
    settings = await own.settings(Settings)
    wanted = Voucher(code, walker.id, settings.voucher_points, now + timedelta(hours=settings.hold_hours), "held")
    return await own.private(lambda drawer: bookings.hold(drawer, wanted, today(city, now)))


async def end_voucher(city: City, code: str, how: str, partner: str = "", owner: str = "") -> Voucher:
    """Use a voucher ("used", by a partner), give it back ("returned"), or let it run out ("lapsed"); in one transaction
    with its booking, and once: asked again it says how it ended. owner: whose it must be. Raises NotFound, Conflict."""
    own, now = city.for_purpose(PURPOSE), city.now()

    on = today(city, now)
    return await own.private(lambda drawer: bookings.end(drawer, code, how, now, on, partner, owner))


async def add_partner(city: City, name: str, key: str, by: Officer) -> None:
    """Let a transport company take vouchers, with a key of its own."""
    if not 1 <= len(name.strip()) <= 60 or not by.who.strip() or not by.role.strip():
        raise BadRequestData("A partner needs a name, and who lets it in a name and a role", field="name")
    row = {"name": name.strip(), "by": by.who, "role": by.role, "at": city.now().isoformat()}
    await city.for_purpose(PURPOSE).private(lambda drawer: drawer.put(PARTNERS, digest(key), row))


async def partner_of(city: City, key: str) -> str:
    """The name of the partner with this key. Raises NotTakingPart."""
    row = await city.for_purpose(PURPOSE).private(lambda drawer: drawer.get(PARTNERS, digest(key)))
    if not key or row is None:
        raise NotTakingPart("No partner has this key; an officer gives one on the page of the service")
    return str(row["name"])


async def partners(city: City) -> list[dict[str, Any]]:
    """The partners, without their keys."""
    rows = await city.for_purpose(PURPOSE).private_rows(PARTNERS)
    return sorted(rows.values(), key=lambda row: str(row["at"]))


def today(city: City, now: datetime) -> date:
    """Which day it is in town."""
    return now.astimezone(ZoneInfo(city.zone)).date()


async def _settle(own: City, walker_id: str, days: Sequence[StepCount], now: datetime) -> None:
    """Book what days are worth now, as far as that is not booked."""
    valid = (await own.settings(Settings)).valid_days
    on = today(own, now)
    due = [(date.fromisoformat(d.day), d.points_due or 0) for d in days if d.day]
    await own.private(lambda drawer: bookings.settle(drawer, walker_id, due, on, valid))


async def _catch_up(own: City, walker: Walker, now: datetime) -> None:
    """Judge the days of a walker that a source brought in, set the goal anew, and book what is not booked."""
    settings = await own.settings(Settings)
    days = await days_of(own, walker.id, today(own, now), SHOWN_DAYS)
    known = list(days)
    for place, day in enumerate(days):
        if day.state is None:
            goal = next_goal(accepted(known[:place])[-9:])
            known[place] = judged(day, Around(accepted(known[:place]), (), goal, settings), now)
    fresh = [day for day, before in zip(known, days, strict=True) if day is not before]
    before_today = [d for d in accepted(known) if d.day < today(own, now)]
    said = replace(walker, goal=next_goal(before_today) or walker.goal, baseline=summary.baseline_of(walker, known))
    if said != walker:
        await own.publish(said)
    if fresh:
        await own.publish(*fresh, whole=True)
    await _settle(own, walker.id, known, now)


def _show_one(drawer: Drawer, walker: Walker) -> None:
    if drawer.get(KEYS, digest(SIMULATED)) is None:
        drawer.put(KEYS, digest(SIMULATED), {"walker": walker.id, "since": walker.joined_on}, about=walker.id)


async def _run_out(own: City, now: datetime) -> None:
    """Let vouchers that nobody used lapse, then points run out."""
    on = today(own, now)
    for code, row in (await own.private_rows(VOUCHERS)).items():
        if row["state"] == "held" and datetime.fromisoformat(row["until"]) < now:
            await end_voucher(own, code, "lapsed")
    for walker_id, head in (await own.private_rows(JOURNALS)).items():
        if any(lot.expires < on for lot in read_journal(head).lots.values()):
            await own.private(partial(bookings.run_out, walker_id=walker_id, today=on))


async def _tell(
    own: City, walkers: Sequence[Walker], surveys: Sequence[WalkingSurvey], now: datetime
) -> summary.Doubts:
    """Publish the figures of the town, where something has changed since they were last told; the days in doubt."""
    settings, on = await own.settings(Settings), today(own, now)
    settings = replace(settings, smallest_group=max(settings.smallest_group, own.consenting(PURPOSE).least_group))
    days = {w.id: await days_of(own, w.id, on - timedelta(days=1), settings.survey_weeks * 7) for w in walkers}
    told = await own.find(WalkingKpi)
    figures = summary.kpis(walkers, days, settings, on)
    await own.publish(*[f for f in figures if f not in told], whole=True)
    for kpi_id in {row.id for row in told} - {f.id for f in figures}:
        await own.remove(WalkingKpi, kpi_id)
    effect = summary.effect_of(walkers, days, surveys, now)
    before = await own.find(WalkingEffect)
    if (walkers and not before) or (before and replace(before[0], issued_at=now) != effect):
        await own.publish(effect, whole=True)
    return summary.doubts_of(walkers, days)


async def _audit(own: City, now: datetime, doubts: summary.Doubts | None) -> None:
    """Add the whole ledger up anew where something was booked since; doubts: None where they are as they were."""
    heads = {name: read_journal(row) for name, row in (await own.private_rows(JOURNALS)).items()}
    last = next(iter(await own.find(PointsAudit)), None)
    known = doubts or summary.Doubts.of(last)
    if last is None and not heads:
        return  # nobody takes part yet
    if last is None or summary.is_stale(last, heads, known):
        entries = {name: (await journal_of(own, name))[1] for name in heads}
        totals = (await own.private_rows(TOTALS)).get(TOTALS, {})
        await own.publish(summary.audit_of(heads, entries, totals, known, now), whole=True)
