"""A protected town with people of whom releases can be made, as tests see it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.running import running

from machinami.broker import legal_records, operations
from machinami.broker.releases import deciding, making
from machinami.broker.releases.earlier import Work
from machinami.broker.releases.version import Description, Origin, Source, Version
from machinami.broker.town import Town
from machinami.kit.compute import call
from machinami.methods.anonymity.ladders import Ladder
from machinami.methods.anonymity.plan import Column, Method, Part, Plan
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.legal import PUBLISHER, Basis, Ground, LegalClass, Mark
from machinami.model.policy import Whom
from machinami.model.principal import Principal, Role
from machinami.model.town_terms import TERMS

WALKER, STEPS, OF, DAY = (TERMS[name] for name in ("Walker", "StepCount", "refWalker", "day"))
CLERK = Principal("urn:person:clerk", frozenset({Role.OFFICER}), None, None, 2, 2)
HEAD = Principal("urn:person:head", frozenset({Role.DEPARTMENT_HEAD}), None, None, 2, 2)
ADMIN = Principal("urn:person:admin", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)
RESIDENT = Principal("urn:person:anna", frozenset({Role.RESIDENT}), None, None, 2, 2)
DISTRICTS, AGES = ("本町", "駅前", "上町"), ("50-64", "65-74", "75+")
GROUND = Ground(
    "anonymous", Basis.ANONYMISING, Whom.PROGRAM, PUBLISHER.id, "APPI 116", datetime(2030, 1, 1, tzinfo=UTC)
)


async def beside(address: str, *arguments: Any) -> Any:
    """Heavy work, done here."""
    return await asyncio.to_thread(call, address, *arguments)


WORK = Work(beside, ZoneInfo("Asia/Tokyo"), lambda size: bytes(range(size)))
KNOWN_COLUMNS = (Column("district", Part.KNOWN), Column("age", Part.KNOWN))
TABLE = Description(
    "steps",
    (("ja", "地区と年代の歩数"), ("en", "Steps by district and age")),
    Source(STEPS, WALKER, OF, DAY, "2026-06-01", "2026-06-29"),
    Plan((*KNOWN_COLUMNS, Column("steps", Part.MEASURE))),
    (Origin(TERMS["district"], True), Origin(TERMS["ageBand"], True), Origin(TERMS["steps"])),
)


def wanted(**more: Any) -> Description:
    """The usual release, but for these members; those of the plan too."""
    plan = {name: more.pop(name) for name in list(more) if name in Plan.__dataclass_fields__}
    source = {name: more.pop(name) for name in list(more) if name in Source.__dataclass_fields__}
    return replace(TABLE, plan=replace(TABLE.plan, **plan), source=replace(TABLE.source, **source), **more)


def noisy(epsilon: float, **more: Any) -> Description:
    """The same with noise."""
    columns = (
        Column("district", Part.KNOWN, domain=DISTRICTS),
        Column("age", Part.KNOWN, domain=AGES),
        Column("steps", Part.MEASURE, cap=20_000),
    )
    return wanted(method=Method.NOISE, epsilon=epsilon, columns=columns, **more)


def rows_of_persons(**more: Any) -> Description:
    """A row for each person."""
    tree = Ladder(parents=((("本町", "中"), ("駅前", "中"), ("上町", "外")),))
    columns = (Column("district", Part.KNOWN, tree), Column("age", Part.KNOWN), Column("sex", Part.SENSITIVE))
    origins = tuple(Origin(TERMS[name], True) for name in ("district", "ageBand", "sex"))
    return wanted(method=Method.ROWS, columns=columns, origins=origins, l=2, id="people", **more)


@dataclass(frozen=True, slots=True)
class People:
    """The town and what is done in it."""

    town: Town

    async def prepare(self, description: Description = TABLE, by: Principal = CLERK) -> Version:
        """Have a release made."""
        return await making.prepare(self.town, description, by, WORK)

    async def publish(self, version: Version, by: Principal = HEAD, reason: str = "for residents") -> Version:
        """Let it go out."""
        found = version.description.id, version.number
        return await deciding.publish(self.town, *found, reason, by, WORK)

    async def add(self, people: Iterable[tuple[str, str]], first: int = 0) -> None:
        """People, with a day of steps each."""
        draws = Random(1)
        for number, (district, age) in enumerate(people, first):
            who = f"urn:x:walker:{number}"
            said = {"district": district, "ageBand": age, "sex": draws.choice(["male", "female"])}
            facts = {TERMS[name]: (Attribute(Kind.PROPERTY, value),) for name, value in said.items()}
            await operations.create(self.town, Entity(who, (WALKER,), facts), ADMIN)
            walked = {
                OF: (Attribute(Kind.RELATIONSHIP, who),),
                DAY: (Attribute(Kind.PROPERTY, "2026-06-10"),),
                TERMS["steps"]: (Attribute(Kind.PROPERTY, 4_000 + number * 10),),
            }
            await operations.create(self.town, Entity(f"urn:x:steps:{number}", (STEPS,), walked), ADMIN)


@contextlib.asynccontextmanager
async def people_in(folder: Path, count: int = 15, ground: bool = True) -> AsyncIterator[People]:
    """A town with so many people in each group."""
    async with running(folder) as found:
        await found.broker.protect()
        town = await found.broker.town(None)
        people = People(town)
        await people.add((district, age) for district in DISTRICTS for age in AGES for _ in range(count))
        await legal_records.put_mark(town, Mark(LegalClass.PERSONAL, STEPS, "", OF), ADMIN)
        await legal_records.put_mark(town, Mark(LegalClass.PERSONAL, WALKER), ADMIN)
        if ground:
            await legal_records.put_ground(town, replace(GROUND, until=town.clock() + timedelta(days=300)), ADMIN)
        yield people
