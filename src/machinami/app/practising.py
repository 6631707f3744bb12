"""What does a simulated town publish of its invented people, so that a newcomer sees how it is done?"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from machinami.app.declaring import HOUSE
from machinami.broker import legal_records
from machinami.broker.contexts import town_context
from machinami.broker.releases import deciding, making, shelf
from machinami.broker.releases.earlier import Work
from machinami.broker.releases.version import Description, Origin, Source, State
from machinami.broker.town import Town
from machinami.methods.anonymity.plan import Column, Part, Plan
from machinami.model.legal import PUBLISHER, Basis, Ground
from machinami.model.parse_q import parse_q
from machinami.model.policy import Whom
from machinami.model.principal import Principal, Role
from machinami.model.query import Page, Query, TypeIs

INVENTED_HEAD = Principal("urn:machinami:person:invented", frozenset({Role.DEPARTMENT_HEAD}), None, None, 3, 3)
"""Who decides in a simulated town; nobody, as everybody else in it."""
_NAME, _DAYS, _LASTS = "walking", 28, timedelta(days=3_650)
_REASON = "模擬の街の例です / an example of the simulated town"
_TITLES = (
    ("ja", "地区と年代ごとの歩数（1日の平均）"),
    ("en", "Steps a day by district and age"),
    ("easy", "どこの なんさいの ひとが、どのくらい あるくか"),
)
_COLUMNS = (
    Column("district", Part.KNOWN, title=(("ja", "地区"), ("en", "District"), ("easy", "ばしょ"))),
    Column("age", Part.KNOWN, title=(("ja", "年代"), ("en", "Age"), ("easy", "とし"))),
    Column("steps", Part.MEASURE, title=(("ja", "1日の歩数"), ("en", "Steps a day"), ("easy", "ほすう"))),
)


def practice(town: Callable[[], Town | None], work: Work) -> Callable[[], Awaitable[None]]:
    """Publish the walking of invented people once, as soon as it is all counted and the town is protected."""

    async def publish() -> None:
        there = town()
        if there is None or there.policy.is_open or not await _is_counted(there, work):
            return
        if any(one.description.id == _NAME for one in await shelf.versions(there, HOUSE)):
            return
        await _record_ground(there)
        made = await making.prepare(there, _wanted(there, work), HOUSE, work)
        if made.state is State.PREPARED:
            await deciding.publish(there, _NAME, made.number, _REASON, INVENTED_HEAD, work)

    return publish


def _expand(*names: str) -> tuple[str, ...]:
    return tuple(map(town_context().expand, names))


async def _is_counted(town: Town, work: Work) -> bool:
    """Whether the steps of all days of the period are judged; before that, people would be missing."""
    days, state = _expand("StepCount", "state")
    since, _ = _span(town, work)
    one, now = Page(1, 0, count=True), town.clock()
    query = Query(types=TypeIs(days), q=parse_q(f'day>="{since}"', town_context()))
    every = await town.store.find(query, one, now)
    judged = await town.store.find(replace(query, attrs=(state,)), one, now)
    return bool(every.count) and every.count == judged.count


def _span(town: Town, work: Work) -> tuple[str, str]:
    today = town.clock().astimezone(work.zone).date()
    return (today - timedelta(days=_DAYS)).isoformat(), today.isoformat()


async def _record_ground(town: Town) -> None:
    reason = "The people of the simulated town do not exist; a real town records why it makes statistics of its people."
    ground = Ground("practice-release", Basis.ANONYMISING, Whom.PROGRAM, PUBLISHER.id, reason, town.clock() + _LASTS)
    if ground.id not in legal_records.law_of(town).grounds:
        types = _expand("StepCount", "Walker")
        await legal_records.put_ground(town, replace(ground, types=types), HOUSE)


def _wanted(town: Town, work: Work) -> Description:
    records, persons, person, moment = _expand("StepCount", "Walker", "refWalker", "day")
    source = Source(records, persons, person, moment, *_span(town, work), q='state=="accepted"')
    district, age, steps = _expand("district", "ageBand", "steps")
    origins = (Origin(district, True), Origin(age, True), Origin(steps))
    return Description(_NAME, _TITLES, source, Plan(_COLUMNS), origins)
