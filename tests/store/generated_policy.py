"""Which policies and principals try out a guard? Random ones over the vocabulary of the generated towns."""

from random import Random

from machinami.model.policy import Deed, Row, Whom
from machinami.model.principal import Principal, Role
from machinami.store.generated import LOCATION, NAMES, SCOPES, TYPES
from machinami.store.generated_queries import geometry

PURPOSES = (None, "flood", "statistics")
PATTERNS = (*SCOPES, "/Town/#", "/+/River")
_LAND = {"type": "Polygon", "coordinates": [[[138.2, 34.8], [138.3, 34.8], [138.3, 35], [138.2, 35], [138.2, 34.8]]]}


def principal(rng: Random) -> Principal:
    """Somebody with some roles, an assurance, perhaps a purpose and a key with scopes."""
    scopes = None
    if rng.random() < 0.3:
        every = ("read", "write", "subscribe", *(f"read:{name}" for name in TYPES), *(f"change:{n}" for n in TYPES))
        scopes = frozenset(rng.sample(every, rng.randint(0, 3)))
    return Principal(
        rng.choice(("anonymous", "urn:person:1", "urn:program:1")),
        frozenset(rng.sample(tuple(Role), rng.randint(0, 2))),
        rng.choice(PURPOSES),
        identity_assurance=rng.randint(0, 3),
        authentication_assurance=rng.randint(0, 3),
        scopes=scopes,
    )


def rows(rng: Random) -> tuple[Row, ...]:
    """Up to four rows, each with some of the restrictions that a row can have."""
    return tuple(_row(rng, number) for number in range(rng.randint(0, 4)))


def _row(rng: Random, number: int) -> Row:
    def perhaps(chance: float) -> bool:
        return rng.random() < chance

    whom = rng.choice((Whom.EVERYONE, Whom.EVERYONE, *Whom))
    names = {Whom.ROLE: rng.choice(tuple(Role)), Whom.PERSON: "urn:person:1", Whom.PROGRAM: "urn:program:1"}
    return Row(
        str(number),
        whom,
        str(names.get(whom, "")),
        frozenset(rng.sample(tuple(Deed), rng.randint(1, 3))) | {Deed.READ},
        tuple(rng.sample(TYPES, rng.randint(1, 2))) if perhaps(0.6) else (),
        tuple(rng.sample((*NAMES, LOCATION), rng.randint(1, 5))) if perhaps(0.4) else (),
        tuple(rng.sample(PATTERNS, rng.randint(1, 2))) if perhaps(0.25) else (),
        rng.choice((_LAND, geometry(rng))) if perhaps(0.2) else None,
        rng.choice(PURPOSES[1:]) if perhaps(0.1) else None,
        rng.choice((0, 0, 0, 1, 2)),
        rng.choice((0, 0, 0, 1, 2)),
    )
