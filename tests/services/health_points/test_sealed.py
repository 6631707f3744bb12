"""Is what the service keeps for itself about a person unreadable without their key, and does the town still add up?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.person_keys import PersonKeysInMemory
from tests.services.housing import housed

from machinami.broker import forgetting
from machinami.broker.private import kind_of
from machinami.broker.shroud.cipher import SIGN
from machinami.foundation.errors import NotFound
from machinami.kit.consenting import person
from machinami.services.health_points import service
from machinami.services.health_points.logic.bookings import (
    JOURNALS,
    OWNED,
    STAMPS,
    TOTALS,
    VOUCHERS,
    entries_shelf,
)
from machinami.services.health_points.logic.joining import PURPOSE, NotTakingPart
from machinami.services.health_points.model import PointsAudit, Walker

from .conftest import START, Streets
from .test_consent import guard, published


@asynccontextmanager
async def lived_in(folder: Path, keys: PersonKeysInMemory | None) -> AsyncIterator[Streets]:
    """The town, which seals what is about persons where it has keys."""
    held: list[Streets] = []
    async with housed(
        "machinami.services.health_points", folder, lambda: held[0].now if held else START, keys
    ) as found:
        held.append(Streets(*found))
        yield held[0]


async def at_rest(streets: Streets, *shelves: str) -> dict[str, dict[str, Any]]:
    """The records of these shelves as they lie in the store."""
    found: dict[str, dict[str, Any]] = {}
    for shelf in shelves:
        rows = await streets.town.store.records(kind_of("health_points", shelf))
        found |= {f"{shelf}/{name}": row for name, row in rows.items()}
    return found


async def audit(streets: Streets) -> PointsAudit:
    """The ledger, added up."""
    await service.refresh(streets.city, streets.now)
    return (await streets.city.find(PointsAudit))[0]


async def walked(streets: Streets, key: str) -> Walker:
    """Somebody with a phone, enough points, a ride that they used, and one that they hold."""
    walker = await streets.join(key)
    streets.keys[walker.id] = key
    for _ in range(60):
        streets.now += timedelta(days=1)
        await streets.walk(walker, streets.today - timedelta(days=1), 10_000, device=f"phone-{key}", source=key)
        if await streets.points(walker) >= 430:
            break
    for number in (1, 2):
        await service.take_voucher(streets.city, walker, f"{key.replace('-', '')}RIDE{number}")
    await service.end_voucher(streets.city, f"{key.replace('-', '')}RIDE1", "used", partner="tram")
    return walker


async def test_all_that_is_kept_about_a_person_is_sealed_with_their_key(tmp_path: Path) -> None:
    async with lived_in(tmp_path, PersonKeysInMemory()) as streets:
        walker = await walked(streets, "key-one")

        kept = await at_rest(streets, *OWNED, JOURNALS, entries_shelf(walker.id))
        assert {name.partition("/")[0] for name in kept} >= {"keys", "devices", "prints", "vouchers", "journals"}
        assert [name for name, row in kept.items() if list(row) != [SIGN]] == []
        assert (await at_rest(streets, TOTALS))[f"{TOTALS}/{TOTALS}"]["redeemed"] == 210


async def test_whose_key_is_destroyed_is_gone_and_the_town_still_adds_up(tmp_path: Path) -> None:
    async with lived_in(tmp_path, PersonKeysInMemory()) as streets:
        await guard(streets)
        await published(streets)
        gone, stays = await walked(streets, "key-one"), await walked(streets, "key-two")
        before = await audit(streets)
        account = await forgetting.ask(streets.town, gone.id, person(gone.id), "I move away")
        after = await audit(streets)

        assert account["keys"]["destroyed"] >= 2
        own = streets.city.for_purpose(PURPOSE)
        assert set(await own.private_rows(JOURNALS)) == {stays.id}
        assert {row["walker"] for row in (await own.private_rows(VOUCHERS)).values()} == {stays.id}
        with pytest.raises(NotTakingPart):
            await service.walker_of(streets.city, "key-one")
        with pytest.raises(NotFound):
            await service.end_voucher(streets.city, "keyoneRIDE2", "used", partner="tram")
        assert (after.issued, after.redeemed) == (before.issued, before.redeemed) == (before.issued, 420)
        journal, _ = await service.journal_of(streets.city, stays.id)
        assert (after.open, after.held) == (journal.balances["points"], 210)
        assert after.issued == sum(
            map(int, (after.open or 0, after.held or 0, after.redeemed or 0, after.expired or 0))
        )
        assert (after.journals, after.breaches) == (1, [])


async def test_a_drawer_from_before_opens_and_is_sealed_when_the_service_starts(tmp_path: Path) -> None:
    async with lived_in(tmp_path, None) as streets:
        walker = await walked(streets, "key-one")
        now, points = streets.now, await streets.points(walker)
        head = dict((await at_rest(streets, JOURNALS))[f"{JOURNALS}/{walker.id}"])
        del head["counted"]
        own = streets.city.for_purpose(PURPOSE)
        await own.private(lambda drawer: drawer.put(JOURNALS, walker.id, head))
        await own.private(lambda drawer: drawer.drop(TOTALS, TOTALS))
        before = await at_rest(streets, *OWNED, JOURNALS, entries_shelf(walker.id))
        assert all(SIGN not in row for row in before.values())

    async with lived_in(tmp_path, PersonKeysInMemory()) as streets:
        streets.now, streets.keys[walker.id] = now, "key-one"
        assert await streets.points(walker) == points
        told = await audit(streets)

        kept = await at_rest(streets, *OWNED, JOURNALS, entries_shelf(walker.id))
        assert kept.keys() == before.keys()
        assert [name for name, row in kept.items() if list(row) != [SIGN]] == []
        assert await streets.points(walker) == points
        assert (told.redeemed, told.held, told.breaches) == (210, 210, [])
        assert "sealed" in await streets.city.for_purpose(PURPOSE).private_rows(STAMPS)


async def test_a_journal_from_before_is_counted_once_whether_by_a_booking_or_at_the_start(tmp_path: Path) -> None:
    async with lived_in(tmp_path, None) as streets:
        walker = await walked(streets, "key-one")
        head = dict((await at_rest(streets, JOURNALS))[f"{JOURNALS}/{walker.id}"])
        del head["counted"]
        own = streets.city.for_purpose(PURPOSE)
        await own.private(lambda drawer: drawer.put(JOURNALS, walker.id, head))
        await own.private(lambda drawer: drawer.drop(TOTALS, TOTALS))
        await service.end_voucher(streets.city, "keyoneRIDE2", "used", partner="tram")
        told = await audit(streets)

        journal, _ = await service.journal_of(streets.city, walker.id)
        assert (told.issued, told.redeemed) == (journal.balances["issued"], 420)
        assert told.breaches == []
