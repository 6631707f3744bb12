"""The needs service over a real store: what waits is not public, what is decided is kept, and can be undone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.services.housing import housed

from machinami.foundation.errors import BadRequestData, Conflict, TooManyRequests
from machinami.kit.city import City
from machinami.model.vocabulary.circle import CityNeed, Vision
from machinami.model.vocabulary.office import Officer
from machinami.services.needs import service
from machinami.services.needs.model import NeedDecision, NeedNote

BY = Officer("山田花子", "企画課長")


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    now = [datetime(2026, 11, 20, 16, tzinfo=UTC)]

    def clock() -> datetime:
        now[0] += timedelta(seconds=1)
        return now[0]

    async with housed("machinami.services.needs", tmp_path, clock) as (_, found):
        yield found


async def needs(city: City) -> list[CityNeed]:
    return [need for need in await city.find(CityNeed) if need.state != "closed"]


async def last(city: City) -> NeedDecision:
    return max(await city.find(NeedDecision), key=lambda one: str(one.decided_at))


async def test_what_a_resident_hands_in_is_no_need_before_an_officer_says_so(city: City) -> None:
    note = await service.hand_in(city, "バスの本数が少ない。病院に行けない。", "transport", "ja")
    assert await needs(city) == []
    await service.judge(city, note.id, True, "", BY, text="バスの本数が少ない。")
    (need,) = await needs(city)
    assert (need.name, need.origin, need.state) == ({"ja": "バスの本数が少ない"}, "resident", "open")
    assert need.raised_on == "2026-11-21"  # the day in town, not in Greenwich
    became = await service.receipt(city, note.id.rpartition(":")[2])
    assert became is not None
    assert (became.state, became.ref_need) == ("accepted", need.id)


async def test_what_is_declined_tells_its_reason_to_who_knows_the_number(city: City) -> None:
    note = await service.hand_in(city, "となりの人の悪口", "other", "ja")
    with pytest.raises(BadRequestData):
        await service.judge(city, note.id, False, "", BY)
    await service.judge(city, note.id, False, "人のことなので載せません", BY)
    became = await service.receipt(city, note.id.rpartition(":")[2])
    assert became is not None
    assert (became.state, became.reason) == ("declined", "人のことなので載せません")
    assert await needs(city) == []


async def test_a_judgement_is_undone_and_the_voice_waits_again(city: City) -> None:
    note = await service.hand_in(city, "街灯が暗い", "facilities", "ja")
    await service.judge(city, note.id, True, "", BY)
    await service.undo(city, (await last(city)).id, BY)
    assert await needs(city) == []
    assert [one.state for one in await city.find(NeedNote)] == ["waiting"]
    with pytest.raises(Conflict):
        await service.undo(city, (await last(city)).id, BY)


async def test_a_workshop_is_pasted_grouped_and_taken_apart_again(city: City) -> None:
    count = await service.paste(
        city, "病院へ行くバスが少ない\n病院に行くバスの本数が少ない ×4\n街灯が暗い", "other", "workshop", "ja", BY
    )
    assert count == 3
    (group,) = await service.similar(city)
    assert len(group) == 2
    await service.group(city, group[1], group, BY)
    assert await service.similar(city) == []
    assert sum(need.ref_group == group[1] for need in await needs(city)) == 1
    await service.undo(city, (await last(city)).id, BY)
    assert all(need.ref_group is None for need in await needs(city))


async def test_a_reception_that_is_full_takes_no_more(city: City) -> None:
    await city.set_setting("most_waiting", 10, "test")
    for number in range(10):
        await service.hand_in(city, f"声 {number}", "other", "ja")
    with pytest.raises(TooManyRequests):
        await service.hand_in(city, "もう一つ", "other", "ja")


async def test_needs_are_of_the_vision_that_stands(city: City) -> None:
    await service.draft_vision(city, "歩ける町", "だれもが歩いて暮らせる。", "ja", BY)
    (draft,) = await city.find(Vision)
    await service.adopt_vision(city, draft.id, "庁議", BY)
    need = await service.add(city, "歩道がせまい", "facilities", "office", "ja", BY)
    assert need.ref_vision == draft.id
    assert [one.kind for one in await city.find(NeedDecision)] == ["drafted", "adopted", "added"]


async def test_a_change_is_undone_to_what_stood_before(city: City) -> None:
    need = await service.add(city, "歩道がせまい", "facilities", "office", "ja", BY, source="urn:ngsi-ld:Proposal:1")
    await service.change(city, need.id, "closed", "県道なので県に伝えた", "facilities", "", BY)
    assert await needs(city) == []
    await service.undo(city, (await last(city)).id, BY)
    (again,) = await needs(city)
    assert (again.state, again.reason, again.ref_source) == ("open", None, "urn:ngsi-ld:Proposal:1")
