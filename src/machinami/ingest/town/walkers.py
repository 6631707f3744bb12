"""Who walks how much in the simulated town? Invented people with invented phones: nobody was ever measured.

Nine groups of fifteen take part since five weeks ago; each walks a little more from the second week on. As many
again and half as many do not take part and were asked before and after. A few days hold what a service must notice:
a ride on the bus, a shaken phone, a long hike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

import numpy as np

from machinami.foundation.instant import format_instant
from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.names import DISTRICTS
from machinami.ingest.town.noise import generator
from machinami.model.reading import Reading

DAYS, RUN_IN = 35, 7
PEOPLE, ASKED = 15, 22
AGES = {"50-64": 6_400.0, "65-74": 6_000.0, "75+": 4_300.0}
PLACES = tuple(row.ja for row in DISTRICTS if row.key in ("honmachi", "ekimae", "kamimachi"))
MORE_STEPS = 1_100.0
"""What taking part adds to a simulated person's day from the second week on."""
SEASON = -150.0
"""What the season adds to everyone's day between before and after."""
STEPS_A_MINUTE = 100.0
HOURS = (8, 9, 10, 11, 12, 13, 15, 16, 17, 18)
CHANNEL = 7_301


@dataclass(frozen=True, slots=True)
class Walking:
    """One simulated person: group, and the usual steps of a day."""

    key: str
    age_band: str
    sex: str
    district: str
    usual: float
    takes_part: bool


def people(seed: int) -> list[Walking]:
    """The simulated people, those who take part first."""
    draws = generator(seed, CHANNEL)
    found: list[Walking] = []
    for takes_part, count in ((True, PEOPLE), (False, ASKED)):
        for age, level in AGES.items():
            for place in PLACES:
                for _ in range(count):
                    usual = float(level * np.exp(draws.normal(0.06 if takes_part else 0.0, 0.3)))
                    sex = "female" if draws.random() < 0.55 else "male"
                    key = f"walker-{len(found):03d}"
                    found.append(Walking(key, age, sex, place, usual, takes_part))
    return found


def walkers(seed: int, today: date, zone: tzinfo, at: datetime) -> Iterator[Reading]:
    """What is known of the people up to yesterday: who takes part, what their phones counted, what others answered."""
    everyone = people(seed)
    draws = generator(seed, CHANNEL, 1)
    first = today - timedelta(days=DAYS)
    for number, person in enumerate(p for p in everyone if p.takes_part):
        entity = identifier("Walker", person.key)
        facts = (("ageBand", person.age_band), ("sex", person.sex), ("district", person.district))
        for name, value in (*facts, ("joinedOn", first.isoformat()), ("simulated", True)):
            yield Reading(entity, "Walker", name, value, at)
        for back in range(DAYS, 0, -1):
            day = today - timedelta(days=back)
            steps = person.usual + (0.0 if back > DAYS - RUN_IN else MORE_STEPS)
            steps *= float(np.exp(draws.normal(-0.03, 0.25)))
            yield from _day(person, number, day, steps, draws, zone, at)
    yield from _survey([p for p in everyone if not p.takes_part], draws, at)


def _day(
    person: Walking, number: int, day: date, steps: float, draws: np.random.Generator, zone: tzinfo, at: datetime
) -> Iterator[Reading]:
    entity = f"urn:ngsi-ld:StepCount:{identifier('Walker', person.key).rpartition(':')[2]}:{day.isoformat()}"
    shares = draws.dirichlet(np.full(len(HOURS), 2.0)) * steps
    rows = [_claim(day, hour, 60, int(share), zone) for hour, share in zip(HOURS, shares, strict=True)]
    exercises: list[list[object]] = []
    oddity = (number * 37 + day.toordinal()) % 241
    if oddity == 1:
        exercises = [["phone", *_ends(day, HOURS[3], 60, zone), "in_vehicle", None]]
    elif oddity == 2:
        rows += [_claim(day, 20, 10, 900, zone, minute) for minute in range(0, 60, 10)]
    elif oddity == 3:
        rows = [[*row[:3], int(str(row[3])) * 5] for row in rows]
    yield Reading(entity, "StepCount", "refWalker", identifier("Walker", person.key), at, None, "Relationship")
    yield Reading(entity, "StepCount", "day", day.isoformat(), at)
    yield Reading(entity, "StepCount", "claims", rows, at, None, "JsonProperty")
    if exercises:
        yield Reading(entity, "StepCount", "exercises", exercises, at, None, "JsonProperty")
    yield Reading(entity, "StepCount", "simulated", True, at)


def _claim(day: date, hour: int, minutes: int, steps: int, zone: tzinfo, minute: int = 0) -> list[object]:
    return ["phone", *_ends(day, hour, minutes, zone, minute), steps]


def _ends(day: date, hour: int, minutes: int, zone: tzinfo, minute: int = 0) -> tuple[str, str]:
    begin = datetime.combine(day, time(hour, minute), zone)
    return format_instant(begin), format_instant(begin + timedelta(minutes=minutes))


def _survey(others: list[Walking], draws: np.random.Generator, at: datetime) -> Iterator[Reading]:
    answers = []
    for person in others:
        before, after = (
            max(0.0, (person.usual * float(np.exp(draws.normal(0, 0.1))) + more) / STEPS_A_MINUTE)
            for more in (0.0, SEASON)
        )
        answers.append([person.age_band, person.sex, person.district, round(before, 1), round(after, 1)])
    entity = identifier("WalkingSurvey", "first")
    name = {"ja": "歩行量調査（模擬）", "en": "Walking survey (simulated)"}
    yield Reading(entity, "WalkingSurvey", "name", name, at, None, "LanguageProperty")
    yield Reading(entity, "WalkingSurvey", "simulated", True, at)
    yield Reading(entity, "WalkingSurvey", "answers", answers, at, None, "JsonProperty")
