"""How does the past of a town come to be kept as its rules say? Month by month, and so that a crash loses nothing.

What came is put into the closed months first, where the rule wants that, the readings of many entities of a type
together; then it is condensed, a few hundred readings in one transaction: what goes and what takes its place are one
commit. After a crash the same is begun again: what was archived is archived once more and counts once, what was
condensed stays. What was changed or erased while it was archived stays as it is, leaves the closed months again, and is
looked at the next time.
"""

import asyncio
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from machinami.broker.closed_months import mark_of, row_of
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Page, Query, TemporalQuery, TimeRelation, TypeIs
from machinami.model.retention import (
    EVERY_TYPE,
    Month,
    Rule,
    Step,
    Thinned,
    as_they_came,
    is_due,
    month_of,
    read_rule,
    rule_for,
    thin,
)
from machinami.store.parquet import Row
from machinami.store.protocol import Transaction

RULES, STATE = "retention", "retention-state"
DONE, ACCOUNT = "done", "account"
_LOG = logging.getLogger("machinami.retention")
_PAGE = 500
_TOGETHER = 400  # readings that go in one transaction
_READ = 50_000  # readings that are held at the same time, until they are archived and condensed
_MOST = 20_000  # readings of an attribute in a month that are looked at together; of more, day by day


@dataclass(slots=True)
class Account:
    """What was done: readings that went, that came in their place, that went for good, that were archived; and how many
    stayed, as something of them changed meanwhile."""

    condensed: int = 0
    made: int = 0
    deleted: int = 0
    archived: int = 0
    left: int = 0


async def rules_of(town: Town) -> dict[str, Rule]:
    """The rules of a town by type (expanded); of every other type that of `*`, which is there always."""
    kept = await town.store.records(RULES)
    return {EVERY_TYPE: Rule(), **{name: read_rule(record) for name, record in kept.items()}}


async def set_rule(town: Town, kind: str, rule: Rule | None, by: Principal) -> None:
    """Keep the past of a type, or of every other type (`*`), by another rule from now on; None: by that of every type.

    Raises Forbidden unless who asks administers the town, BadRequestData for a rule that makes no sense.
    """
    demand(town.policy, by, Deed.ADMINISTER)
    record = None if rule is None else read_rule(rule.to_record()).to_record()

    def work(tx: Transaction) -> None:
        if record is None:
            tx.delete_record(RULES, kind)
        else:
            tx.put_record(RULES, kind, record)
        tx.delete_record(STATE, DONE)  # all is looked at anew

    await town.store.transact(work)
    told = "as every type" if rule is None else f"{rule.raw_days}/{rule.hourly_days}/{rule.daily_days} days"
    town.policy.note(by, f"retention of {kind}: {told}", entity=None)


async def apply_rules(town: Town, zone: ZoneInfo, together: int = _READ) -> Account:
    """Have the past be as the rules say. Nothing is read where no month has come to its next step since. together: how
    many readings are held at the same time.

    Raises StoreUnavailable where the closed months cannot be written; then nothing is condensed that is to be there.
    """
    rules, now = await rules_of(town), town.clock()
    job = _Job(town, zone, now, together)
    done = town.store.record(STATE, DONE)
    if done is not None and not is_due(rules, parse_instant(done["at"]), now, zone):
        return job.account
    shortest = min((rule.raw_days for rule in rules.values() if rule.raw_days is not None), default=None)
    if shortest is not None:
        until = month_of(now - timedelta(days=shortest), zone).begin
        for entity in await _with_past(town, until, now):
            rule = rule_for(rules, entity.types)
            if rule.raw_days is not None and not _is_personal(town, entity):
                await job.wait(_Turn(entity.id, entity.types[0] if entity.types else "", rule), None)
        await job.do()
    account = job.account
    if not account.left:
        record = {"at": format_instant(now)}
        await town.store.transact(lambda tx: tx.put_record(STATE, DONE, record))
    if account.condensed or account.deleted:
        _LOG.info("retention: %s readings became %s, %s went", account.condensed, account.made, account.deleted)
    return account


def _is_personal(town: Town, entity: Entity) -> bool:
    """Whether something of it is about a person: how long that is kept is the law's affair (docs/erasure.md)."""
    return town.shroud is not None and town.shroud.concerns.may_concern(entity.types, entity.attributes)


async def _with_past(
    town: Town, until: datetime, now: datetime, kind: str = EVERY_TYPE, enough: int = sys.maxsize
) -> list[Entity]:
    """Everything (of a type) that has a past before a moment, also what is not there any more; enough: how many are
    looked for, about."""
    span, found = TemporalQuery(TimeRelation.BEFORE, until), list[Entity]()
    query = Query() if kind == EVERY_TYPE else Query(types=TypeIs(kind))
    while True:
        page = await town.store.find_past(query, span, Page(_PAGE, len(found)), now)
        found += page.entities
        if len(page.entities) < _PAGE or len(found) >= enough:
            return found


@dataclass(frozen=True, slots=True)
class _Turn:
    """An entity whose past is due, its first type, and by which rule."""

    entity_id: str
    kind: str
    rule: Rule


class _Job:
    """One look at the past of a town: month by month, the oldest first; in a month type by type, and of a type the
    entities in the order of the files of the closed months, so that each is written as seldom as can be."""

    def __init__(self, town: Town, zone: ZoneInfo, now: datetime, together: int) -> None:
        self.account = Account()
        self._town, self._zone, self._now, self._together = town, zone, now, together
        self._waiting: dict[Month, list[_Turn]] = {}
        self._rows: list[Row] = []
        self._plans: list[tuple[str, str, Thinned]] = []
        self._gone = 0

    async def wait(self, turn: _Turn, since: Month | None) -> None:
        """Have an entity wait for the first month of its past that is due, after another if there was one."""
        until = self._now - timedelta(days=turn.rule.raw_days or 0)
        before = TemporalQuery(TimeRelation.BEFORE, until)
        span = before if since is None else _between(since.end, until)
        month = await _first_month(self._town, turn.entity_id, span, self._zone)
        if month is not None and month.end <= until:
            self._waiting.setdefault(month, []).append(turn)

    async def do(self) -> None:
        """Do what waits."""
        while self._waiting:
            month = min(self._waiting, key=lambda one: one.begin)
            turns = sorted(self._waiting.pop(month), key=lambda one: (one.kind, mark_of(one.entity_id)))
            for kind, same in groupby(turns, key=lambda one: one.kind):
                for turn in same:
                    await self._take(month, turn)
                    await self.wait(turn, month)
                await self._finish(month, kind)

    async def _take(self, month: Month, turn: _Turn) -> None:
        step = turn.rule.step(month.end, self._now)
        for begin, end in await _stretches(self._town, turn.entity_id, month):
            past = await self._town.store.instances([turn.entity_id], None, _between(begin, end))
            rows, plans = await asyncio.to_thread(_planned, turn, past, step, self._zone)
            self._rows += rows
            self._plans += plans
            self._gone += sum(len(part.gone) for _, _, part in plans)
            if max(len(self._rows), self._gone) >= self._together:
                await self._finish(month, turn.kind)

    async def _finish(self, month: Month, kind: str) -> None:
        """Archive what was read, then condense it."""
        rows, plans, account = self._rows, self._plans, self.account
        self._rows, self._plans, self._gone = [], [], 0
        if rows:
            await self._town.months.keep(month.name, kind, rows)
            account.archived += len(rows)
        for entity_id, name, part in plans:
            if await self._town.store.transact(_work(entity_id, name, part)):
                account.condensed += len(part.gone) if part.made else 0
                account.deleted += 0 if part.made else len(part.gone)
                account.made += len(part.made)
            else:
                account.left += len(part.gone)
                await self._town.months.forget(entity_id, instances=part.gone)


async def _first_month(town: Town, entity_id: str, span: TemporalQuery, zone: ZoneInfo) -> Month | None:
    """The first month of which the entity has a past."""
    first = await town.store.instances([entity_id], None, span, 1)
    times = [at for one in first if (at := one.value.observed_at) is not None]
    return month_of(min(times), zone) if times else None


def _between(begin: datetime, end: datetime) -> TemporalQuery:
    return TemporalQuery(TimeRelation.BETWEEN, begin, end)


async def _stretches(town: Town, entity_id: str, month: Month) -> list[tuple[datetime, datetime]]:
    """The month, or its days where too much came in it."""
    most = await town.store.instances([entity_id], None, _between(month.begin, month.end), _MOST)
    counts: dict[str, int] = {}
    for one in most:
        counts[one.attribute] = counts.get(one.attribute, 0) + 1
    if max(counts.values(), default=0) < _MOST:
        return [(month.begin, month.end)]
    days, begin = [], month.begin
    while begin < month.end:
        days.append((begin, begin + timedelta(days=1)))
        begin += timedelta(days=1)
    return days


def _planned(
    turn: _Turn, past: Sequence[Instance], step: Step, zone: ZoneInfo
) -> tuple[list[Row], list[tuple[str, str, Thinned]]]:
    """What of a past is to be archived, and what is to become of it."""
    rows = [row_of(turn.kind, one) for one in as_they_came(past)] if turn.rule.archive else []
    by_name: dict[str, list[Instance]] = {}
    for one in past:
        by_name.setdefault(one.attribute, []).append(one)
    return rows, [
        (turn.entity_id, name, part)
        for name, instances in by_name.items()
        for part in _parts(thin(instances, step, zone))
    ]


def _work(entity_id: str, name: str, part: Thinned) -> Any:
    return lambda tx: tx.thin_history(entity_id, name, part.gone, part.made)


def _parts(groups: Sequence[Thinned]) -> Iterator[Thinned]:
    """Groups put together, as many as go in one transaction."""
    gone: list[str] = []
    made: list[Instance] = []
    for one in groups:
        if gone and len(gone) + len(one.gone) > _TOGETHER:
            yield Thinned(tuple(gone), tuple(made))
            gone, made = [], []
        gone += one.gone
        made += one.made
    if gone:
        yield Thinned(tuple(gone), tuple(made))


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule would do to the readings of a type now: how many are older than each of its steps. whole: whether all
    of them were counted."""

    hourly: int = 0
    daily: int = 0
    never: int = 0
    whole: bool = True


async def effect_of(town: Town, kind: str, rule: Rule, zone: ZoneInfo, most: int = 300) -> Effect:
    """What a rule would do, counted over so many entities of a type at most (`*`: of all types without a rule)."""
    now, rules = town.clock(), await rules_of(town)
    if rule.raw_days is None:
        return Effect()
    wanted = {**rules, kind: rule}
    until = month_of(now - timedelta(days=rule.raw_days), zone).begin
    found = await _with_past(town, until, now, kind, most + 1)
    concerned = [
        one
        for one in found
        if (kind != EVERY_TYPE or rules.keys().isdisjoint(one.types)) and not _is_personal(town, one)
    ]
    counts = dict.fromkeys(Step, 0)
    for entity in concerned[:most]:
        own = rule_for(wanted, entity.types)
        for at, count in (await _months_of(town, entity.id, until, zone)).items():
            counts[own.step(at, now)] += count
    return Effect(counts[Step.HOUR], counts[Step.DAY], counts[Step.NOTHING], len(found) <= most)


async def _months_of(town: Town, entity_id: str, until: datetime, zone: ZoneInfo) -> Mapping[datetime, int]:
    """How many readings an entity has in each month before a moment, by its end."""
    counts: dict[datetime, int] = {}
    for one in await town.store.series([entity_id], None, TemporalQuery(TimeRelation.BEFORE, until)):
        moments = [] if one.readings is None else one.readings.moments
        times = [datetime.fromtimestamp(at / 1e6, zone) for at in moments]
        times += [at for each in as_they_came(one.instances) if (at := each.value.observed_at) is not None]
        for at in times:
            end = month_of(at, zone).end
            counts[end] = counts.get(end, 0) + 1
    return counts
