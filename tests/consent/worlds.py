"""Which towns, people and consents try out the law? Random worlds over the vocabulary of the generated towns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from tests.store.generated_policy import PATTERNS, rows

from machinami.broker.law import Law
from machinami.foundation.errors import Conflict
from machinami.model.attribute import Attribute, Kind
from machinami.model.consent import Consent, Event, State, Terms, after, following, names_of
from machinami.model.entity import Entity
from machinami.model.lawful import Code
from machinami.model.legal import Basis, Ground, LegalClass, Mark
from machinami.model.policy import Deed, Row, Whom
from machinami.model.principal import Principal, Role
from machinami.model.purpose import Purpose, Version
from machinami.store.generated import LOCATION, NAMES, NOW, SCOPES, TYPES, entities
from machinami.store.generated_queries import geometry

ABOUT = "https://town.example/about"
PEOPLE = tuple(f"urn:person:{number}" for number in range(1, 6))
PROGRAM = "urn:program:1"
PURPOSES = ("flood", "statistics", "walking")
ATTRIBUTES = (*NAMES, LOCATION, ABOUT)


@dataclass(frozen=True, slots=True)
class World:
    """A town with what is marked in it, the rows of its policy, and somebody who asks."""

    entities: Sequence[Entity]
    rows: Sequence[Row]
    code: Code
    law: Law
    by: Principal


def world(rng: Random, size: int = 12) -> World:
    """A random world; the law has gone through the steps of which the code has what they came to."""
    made = [_about_somebody(rng, entity, number) for number, entity in enumerate(entities(rng, size))]
    marks = {one.id: one for one in (_mark(rng) for _ in range(rng.randint(0, 4)))}
    grounds = [_ground(rng, number) for number in range(rng.randint(0, 2))]
    purposes = [
        Purpose(name, (Version(1, (("en", name),), NOW, "x"),), rng.choice((None, None, None, NOW, _later(rng))))
        for name in PURPOSES
        if rng.random() < 0.9
    ]
    by, law = principal(rng), Law(lambda: NOW)
    for purpose in purposes:
        law.put_purpose(purpose)
    consents = [_lived(rng, law, f"urn:consent:{number}", by) for number in range(rng.randint(0, 25))]
    law.set_marks(marks.values())
    for ground in grounds:
        law.put_ground(ground)
    for entity in made:
        law.meet(entity.types, entity.attributes)
    for kind in {kind for entity in made for kind in entity.types if ABOUT in entity.attributes}:
        law.meet((kind,), (ABOUT,))
    code = Code(tuple(marks.values()), tuple(grounds), tuple(purposes), tuple(consents))
    policy = rows(rng) if rng.random() < 0.6 else (Row("all", Whom.EVERYONE, "", frozenset({Deed.READ})),)
    return World(made, policy, code, law, by)


def principal(rng: Random) -> Principal:
    """Somebody, inside or outside, with some purpose or none."""
    return Principal(
        rng.choice(("anonymous", PROGRAM, "urn:machinami:service:walk", *PEOPLE[:3])),
        frozenset(rng.sample(tuple(Role), rng.randint(0, 2))),
        rng.choice((None, *PURPOSES, *PURPOSES)),
        identity_assurance=rng.randint(1, 3),
        authentication_assurance=rng.randint(1, 3),
        scopes=frozenset({"read"}) if rng.random() < 0.1 else None,
    )


def _later(rng: Random) -> datetime:
    return NOW + timedelta(hours=rng.randint(-5, 5))


def _some(rng: Random, names: Sequence[str], most: int, chance: float) -> tuple[str, ...]:
    return tuple(rng.sample(names, rng.randint(1, most))) if rng.random() < chance else ()


def _about_somebody(rng: Random, entity: Entity, number: int) -> Entity:
    """The entity, which is a person, or about one or two, or about nobody."""
    if rng.random() < 0.2 and number < len(PEOPLE):
        return replace(entity, id=PEOPLE[number])
    if rng.random() < 0.2:
        return entity
    named = tuple(rng.sample(PEOPLE, rng.choice((1, 1, 1, 2))))
    if len(named) == 1:
        said = Attribute(Kind.RELATIONSHIP, named[0], created_at=NOW, modified_at=NOW)
    else:
        said = Attribute(Kind.LIST_RELATIONSHIP, named, created_at=NOW, modified_at=NOW)
    return replace(entity, attributes={**entity.attributes, ABOUT: (said,)})


def _mark(rng: Random) -> Mark:
    kind = rng.choice(TYPES) if rng.random() < 0.7 else ""
    name = rng.choice(ATTRIBUTES) if not kind or rng.random() < 0.4 else ""
    legal = LegalClass.PERSONAL if rng.random() < 0.6 else rng.choice(tuple(LegalClass))
    return Mark(legal, kind, name, rng.choice((ABOUT, ABOUT, "")))


def _ground(rng: Random, number: int) -> Ground:
    whom = rng.choice((Whom.EVERYONE, Whom.ROLE, Whom.ROLE, Whom.PERSON, Whom.PROGRAM))
    name = {Whom.ROLE: rng.choice(tuple(Role)), Whom.PERSON: PEOPLE[0], Whom.PROGRAM: PROGRAM}.get(whom, "")
    ended = rng.choice((None, None, NOW, NOW + timedelta(hours=1)))
    return Ground(
        f"ground-{number}", rng.choice(tuple(Basis)), whom, str(name), "reason",
        NOW + timedelta(hours=rng.randint(-2, 5)),
        _some(rng, TYPES, 2, 0.5), _some(rng, ATTRIBUTES, 3, 0.4), rng.choice((None, *PURPOSES)), ended=ended,
    )  # fmt: skip


def terms(rng: Random, by: Principal) -> Terms:
    """What somebody may consent to, with some of the limits that it can have."""
    kinds = _some(rng, TYPES, 3, 0.7)
    names = _some(rng, ATTRIBUTES, 5, 0.4 if kinds else 1)
    recipients = (f"role:{rng.choice(tuple(Role))}", f"program:{PROGRAM}", "program:urn:machinami:service:walk")
    recipients += tuple(f"person:{one}" for one in PEOPLE[:3])
    limited = rng.random() < 0.15
    return Terms(
        names_of(by) if rng.random() < 0.7 else tuple(rng.sample(recipients, rng.randint(1, 4))),
        by.purpose if by.purpose is not None and rng.random() < 0.7 else rng.choice(PURPOSES),
        NOW + timedelta(hours=rng.randint(-2, 8)),
        kinds,
        names,
        tuple(rng.sample((*SCOPES, *PATTERNS), 2)) if rng.random() < 0.1 else (),
        geometry(rng) if rng.random() < 0.05 else None,
        NOW - timedelta(hours=rng.randint(0, 48)) if limited else None,
        NOW - timedelta(minutes=rng.randint(-60, 60)) if limited else None,
    )


def _lived(rng: Random, law: Law, name: str, by: Principal) -> Consent:
    """A consent after a random walk through its states; the law has seen every step."""
    subject = rng.choice(PEOPLE)
    made = after(None, Event(name, 1, State.GIVEN, NOW, subject, subject, terms(rng, by)))
    law.put(made)
    while rng.random() < 0.25:
        step = rng.choice((State.CHANGED, State.WITHDRAWN, State.EXPIRED))
        try:
            following(made.state, step)
        except Conflict:  # it has ended: nothing follows
            break
        said = terms(rng, by) if step is State.CHANGED else None
        made = after(made, Event(name, len(made.events) + 1, step, NOW, subject, subject, said))
        law.put(made)
    return made
