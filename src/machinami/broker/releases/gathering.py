"""What is known of the people of whom a release is made? Read through the door, on the town's own ground.

Making anonymous data needs no consent (APPI 43, 116), but a ground that is recorded; each read is noted with it.
"""

import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from hashlib import sha256
from typing import Any

from machinami.broker.contexts import town_context
from machinami.broker.legal_records import law_of
from machinami.broker.policy import Rights
from machinami.broker.releases.version import Description, Source
from machinami.broker.seen import Seen
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Forbidden
from machinami.methods.anonymity.made import Unit
from machinami.methods.anonymity.plan import Column, Part
from machinami.model.entity import Entity
from machinami.model.found import TypeSummary
from machinami.model.legal import PUBLISHER, LegalClass
from machinami.model.parse_q import parse_q
from machinami.model.policy import Deed, Row, Whom
from machinami.model.query import Page, Query, TypeIs

_ROW = Row("releases", Whom.PROGRAM, PUBLISHER.id, frozenset({Deed.READ}))
_PAGE = 1_000
_NAME = 16  # hexadecimal digits of a person's name within a release
_DAY = 10  # letters of a date


def grounds_for(town: Town, source: Source) -> tuple[str, ...]:
    """The recorded grounds on which the town may make anonymous data of what is personal here.

    Raises Forbidden where one is missing: what has to be recorded, where and how.
    """
    law, now = law_of(town), town.clock()
    found: list[str] = []
    for kind in filter(None, (source.records, source.persons)):
        marks = [one for one in law.marks.values() if one.legal is LegalClass.PERSONAL and one.type in ("", kind)]
        holding = [
            ground.id
            for ground in law.grounds.values()
            if now < ground.end and ground.is_for(PUBLISHER) and ground.is_about((kind,))
        ]
        if marks and not holding:
            name = town_context().compact(kind)
            raise Forbidden(
                f"No ground is recorded for making anonymous data of {name}. An administrator records one: "
                f'POST /grounds with "basis": "anonymising", "who": "program:{PUBLISHER.id}", "types": ["{name}"], '
                "a reason and an end",
                type=name,
            )
        found += holding[:1] if marks else []
    return tuple(dict.fromkeys(found))


async def gathered(town: Town, description: Description, secret: bytes, zone: tzinfo) -> tuple[list[Unit], bool]:
    """One unit for each person (and time), and whether any of it is simulated. secret: by which persons are named.

    What the town may not read on its grounds is not there. Raises BadRequestData for a q that cannot be read.
    """
    source = description.source
    seen = Seen(town.store, Rights((_ROW,), PUBLISHER, town.policy.witness, town.policy.law), town.clock)
    records = await _all(seen, source.records, source.q, town.clock())
    persons = {one.id: one for one in await _all(seen, source.persons, "", town.clock())} if source.persons else {}
    together: defaultdict[tuple[str, str], list[tuple[str, Entity]]] = defaultdict(list)
    for record in records:
        person, moment = _person(record, source), _moment(record, source, zone)
        if person and _is_within(moment, source):
            together[person, _time(description, moment)].append((moment, record))
    simulated = town_context().expand("simulated")
    units = [
        Unit(_name(secret, person, time), _values(description, sorted(some, key=_when), persons.get(person)))
        for (person, time), some in together.items()
    ]
    return units, any(record.get(simulated) is not None for record in records)


def _when(row: tuple[str, Entity]) -> tuple[str, str]:
    return row[0], row[1].id


async def _all(seen: Seen, kind: str, q: str, now: datetime) -> list[Entity]:
    condition = parse_q(q, town_context()) if q else None
    query, found = Query(types=TypeIs(kind), q=condition), list[Entity]()
    while True:
        page = (await seen.find(query, Page(_PAGE, len(found)), now)).entities
        found += page
        if len(page) < _PAGE:
            return found


def _person(record: Entity, source: Source) -> str:
    if not source.person:
        return record.id
    named = record.get(source.person)
    return named.value if named is not None and isinstance(named.value, str) else ""


def _moment(record: Entity, source: Source, zone: tzinfo) -> str:
    """When the record is of, in the town's zone; a date stays a date."""
    said = record.get(source.moment) if source.moment else None
    value = None if said is None else said.value
    if isinstance(value, Mapping):
        value = value.get("@value")
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value).astimezone(zone).isoformat()
        except ValueError:
            return ""
    return value if isinstance(value, str) else ""


def _is_within(moment: str, source: Source) -> bool:
    return not source.moment or source.since <= moment[:_DAY] < source.until


def _time(description: Description, moment: str) -> str:
    for at in description.plan.places(Part.TIME):
        column = description.plan.columns[at]
        return column.ladder.label(moment, column.step)
    return ""


def _name(secret: bytes, person: str, time: str) -> str:
    """The same for the same person and time in every release, and nothing without the secret."""
    return hmac.new(secret, f"{person}\x1f{time}".encode(), sha256).hexdigest()[:_NAME]


def _values(
    description: Description, records: Sequence[tuple[str, Entity]], person: Entity | None
) -> tuple[object, ...]:
    """The values of the columns: of a measure the mean over the records, else what the last of them says."""
    found: list[object] = []
    for column, origin in zip(description.plan.columns, description.origins, strict=True):
        if origin.of_person:
            found.append(None if person is None else _plain(person, origin.attribute))
        elif column.part is Part.TIME:
            found.append(records[-1][0])
        elif column.part is Part.MEASURE:
            found.append(_mean(column, [_plain(record, origin.attribute) for _, record in records]))
        else:
            found.append(_plain(records[-1][1], origin.attribute))
    return tuple(found)


def _plain(entity: Entity, name: str) -> Any:
    said = entity.get(name)
    value = None if said is None else said.value
    if isinstance(value, Mapping):  # a text in several languages, or a moment
        return value.get("ja") or value.get("@value") or next(iter(value.values()), None)
    return value


def _mean(column: Column, values: Sequence[object]) -> float | None:
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return sum(numbers) / len(numbers) if numbers else None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def demand_sound(source: Source) -> None:
    """Raise BadRequestData where a source cannot be."""
    if not source.records:
        raise BadRequestData("Say of which type the data are", member="type")
    if source.moment and not (_is_day(source.since) and _is_day(source.until) and source.since < source.until):
        raise BadRequestData("Say from which day, and up to which, as 2026-10-01 and 2026-11-01", member="from")
    if (source.since or source.until) and not source.moment:
        raise BadRequestData("Say by which attribute a record tells its time (moment)", member="moment")
    if source.q:
        parse_q(source.q, town_context())


async def kinds(town: Town) -> Sequence[TypeSummary]:
    """Of which types there are entities, with the names of their attributes: what a release can be made of."""
    return await Seen(town.store, Rights((_ROW,), PUBLISHER, None, None), town.clock).types()
