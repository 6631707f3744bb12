"""Is what is given right after whatever may happen in the life of a consent, in whatever order?

Every sequence of what can be done, up to a bounded length, is done to a town; after each step a model of a few lines
says who must be given what, and so must a town that begins anew from what is kept.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, product

import pytest
from tests.approving import approve
from tests.consent.towns import ABOUT, KNOWN, STEPS, TEXTS, WALK, WEIGHT, as_of
from tests.running import EARLY

from machinami.broker import consents, legal_records, operations
from machinami.broker.law import Law
from machinami.broker.legal_records import load_law
from machinami.broker.policy import Policy
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.model.attribute import Attribute, Kind
from machinami.model.consent import Terms
from machinami.model.entity import Entity
from machinami.model.legal import Basis, Ground, LegalClass, Mark
from machinami.model.policy import ALL_DEEDS, Deed, Row, Whom
from machinami.model.principal import Role
from machinami.model.query import Page, Query, TypeIs
from machinami.store.conformance.acts import creation
from machinami.store.memory import MemoryBackend

SHORT, LONG = 4, 5
HOUR = timedelta(hours=1)
ANNA, READER, CHIEF = KNOWN["anna"], as_of("walking"), KNOWN["administrator"]
ID = "urn:x:walk:1"


@dataclass
class Model:
    """What must be so. given: to what each consent is, and until which hour, in the order in which they were given;
    ended: which of them were withdrawn, or noted to have ended; grounds: until which hour each holds."""

    hour: int = 0
    given: list[tuple[str, int]] = field(default_factory=list)
    ended: set[int] = field(default_factory=set)
    grounds: list[int] = field(default_factory=list)
    is_open: bool = True

    def seen(self) -> frozenset[str]:
        """The attributes that must be given; the relationship that names the person comes with them."""
        if any(self.hour < until for until in self.grounds):
            return frozenset({STEPS, WEIGHT, ABOUT})
        holding = {
            name for number, (name, until) in enumerate(self.given) if self.hour < until and number not in self.ended
        }
        return frozenset({*holding, ABOUT}) if self.is_open and holding else frozenset()

    def is_over(self, dated: bool) -> bool:
        """Whether nothing may follow the last consent; dated: its date counts, too."""
        last = len(self.given) - 1
        return last < 0 or last in self.ended or (dated and self.given[last][1] <= self.hour)


@dataclass
class Life:
    """A town in memory, with one walk of one person, and the model beside it. Each step says whether it must succeed,
    and what is so once it has."""

    town: Town
    clock: list[datetime]
    model: Model = field(default_factory=Model)
    consents: list[str] = field(default_factory=list)

    async def give(self) -> None:
        """Consent to the steps for two hours."""
        async with self._done(self.model.is_open):
            made = await consents.give(self.town, ANNA.id, self._terms(STEPS, 2), ANNA)
            self.consents.append(made.id)
            self.model.given.append((STEPS, self.model.hour + 2))

    async def change(self) -> None:
        """Consent to the weight instead, for three hours."""
        async with self._done(self.model.is_open and not self.model.is_over(dated=True)):
            await consents.change(self.town, self._last, self._terms(WEIGHT, 3), ANNA)
            self.model.given[-1] = (WEIGHT, self.model.hour + 3)

    async def withdraw(self) -> None:
        """Withdraw the last consent."""
        async with self._done(not self.model.is_over(dated=False)):
            await consents.withdraw(self.town, self._last, ANNA)
            self.model.ended.add(len(self.model.given) - 1)

    async def wait(self) -> None:
        """Two hours pass."""
        self.clock[0] += 2 * HOUR
        self.model.hour += 2

    async def note(self) -> None:
        """It is noted what has ended by its date."""
        over = {number for number, (_, until) in enumerate(self.model.given) if until <= self.model.hour}
        assert await consents.expire(self.town) == len(over - self.model.ended)
        self.model.ended |= over

    async def close(self) -> None:
        """The purpose is closed, for ever."""
        await legal_records.close(self.town, "walking", CHIEF)
        self.model.is_open = False

    async def rewrite(self) -> None:
        """The text of the purpose has another version: who consented to the one before did so all the same."""
        async with self._done(self.model.is_open):
            await legal_records.publish(self.town, "walking", TEXTS, CHIEF)

    async def found(self) -> None:
        """A ground is recorded that holds for an hour."""
        name = f"ground-{len(self.model.grounds)}"
        until = self.clock[0] + HOUR
        ground = Ground(name, Basis.VITAL, Whom.PROGRAM, READER.id, "a flood", until)
        await legal_records.put_ground(self.town, ground, CHIEF)
        self.model.grounds.append(self.model.hour + 1)

    async def end(self) -> None:
        """The last ground ends before its time."""
        async with self._done(bool(self.model.grounds)):
            await legal_records.end_ground(self.town, f"ground-{len(self.model.grounds) - 1}", CHIEF)
            self.model.grounds[-1] = 0

    @property
    def _last(self) -> str:
        return self.consents[-1] if self.consents else "urn:ngsi-ld:Consent:none"

    @asynccontextmanager
    async def _done(self, possible: bool) -> AsyncIterator[None]:
        """A step that must succeed exactly where it is possible."""
        try:
            yield
        except (BadRequestData, Conflict, NotFound):
            assert not possible
        else:
            assert possible

    def _terms(self, name: str, hours: int) -> Terms:
        until = self.clock[0] + hours * HOUR
        return Terms((f"{Whom.PROGRAM}:{READER.id}",), "walking", until, (WALK,), (name,), text="1", language="ja")


STEPS_OF_LIFE: Sequence[Callable[[Life], Awaitable[None]]] = (
    Life.give, Life.change, Life.withdraw, Life.wait, Life.note, Life.close, Life.rewrite, Life.found, Life.end,
)  # fmt: skip
ROWS = (
    Row("reading", Whom.PROGRAM, READER.id, frozenset({Deed.READ})),
    Row("all", Whom.ROLE, Role.ADMINISTRATOR, ALL_DEEDS),
    Row("applying", Whom.ROLE, Role.OFFICER, frozenset({Deed.CREATE})),
)


async def _born() -> Life:
    clock, numbers = [EARLY], count(1)
    store = await MemoryBackend().open("default")
    policy = Policy(ROWS)
    policy.law = Law(lambda: clock[0])
    town = Town("default", store, policy, lambda: clock[0], lambda: str(next(numbers)))
    said = {name: (Attribute(Kind.PROPERTY, 7, created_at=EARLY, modified_at=EARLY),) for name in (STEPS, WEIGHT)}
    named = Attribute(Kind.RELATIONSHIP, ANNA.id, created_at=EARLY, modified_at=EARLY)
    walk = Entity(ID, (WALK,), {**said, ABOUT: (named,)}, created_at=EARLY, modified_at=EARLY)
    await store.transact(lambda tx: tx.write(creation(walk)))
    await legal_records.put_mark(town, Mark(LegalClass.PERSONAL, WALK, "", ABOUT), CHIEF)
    await approve(town, "walking", (f"{Whom.PROGRAM}:{READER.id}",), (WALK,))
    await legal_records.publish(town, "walking", TEXTS, CHIEF)
    return Life(town, clock)


async def _given(town: Town) -> frozenset[str]:
    """What the reader is given: the same by whatever way it is asked for."""
    found = await operations.query(town, Query(types=TypeIs(WALK)), Page(10, 0, True), READER)
    one = operations.peek(town, ID, READER)
    assert found.count == len(found.entities)
    assert list(found.entities) == ([] if one is None else [one])
    return frozenset() if one is None else frozenset(one.attributes)


async def _anew(life: Life) -> Town:
    """The town as it begins anew from what is kept."""
    policy, town = Policy(ROWS), life.town
    policy.law = Law(town.clock)
    await load_law(policy.law, town.store)
    return Town("default", town.store, policy, town.clock, town.new_id)


async def _live(lengths: int) -> int:
    done = 0
    for steps in product(STEPS_OF_LIFE, repeat=lengths):
        life = await _born()
        for step in steps:
            await step(life)
            assert await _given(life.town) == life.model.seen(), [one.__name__ for one in steps]
        assert await _given(await _anew(life)) == life.model.seen(), [one.__name__ for one in steps]
        done += 1
    return done


async def test_whatever_happens_in_the_life_of_a_consent_only_what_holds_is_given() -> None:
    assert await _live(SHORT) == len(STEPS_OF_LIFE) ** SHORT


@pytest.mark.long
async def test_whatever_happens_in_a_longer_life_only_what_holds_is_given() -> None:
    assert await _live(LONG) == len(STEPS_OF_LIFE) ** LONG
