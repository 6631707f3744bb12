"""Is a decision public within a day, and nothing of it before it is?"""

from tests.services.visiting import Visit

from machinami.services.pilots import service

from .conftest import WHOLE, only_pilot


async def test_a_decision_waits_as_the_town_has_set_and_shows_nothing_of_itself_before(office: Visit) -> None:
    await office.send("write", **WHOLE)
    await office.send("delay", hours="12")
    pilot = await only_pilot(office)
    await office.send("decide", pilot=pilot.id, gate="start", verdict="yes", reason="ひみつの理由")
    assert "ひみつの理由" in await office.see("?view=officer")
    for place in ("", "?view=history"):
        assert "ひみつの理由" not in await office.see(place)
    assert (await only_pilot(office)).state == "planned"
    assert (await office.send("decide", pilot=pilot.id, gate="start", verdict="no", reason="二度"))[0] == 409
    office.wait(hours=12)
    await service.refresh(office.city, office.now)
    assert "ひみつの理由" in await office.see()
    assert (await only_pilot(office)).state == "running"
    assert await service.waiting(office.city) == []


async def test_a_decision_that_waits_can_be_taken_back_and_is_told_as_that(office: Visit) -> None:
    await office.send("write", **WHOLE)
    await office.send("delay", hours="24")
    pilot = await only_pilot(office)
    await office.send("decide", pilot=pilot.id, gate="start", verdict="yes", reason="急ぐ")
    (waiting,) = await service.waiting(office.city)
    assert (await office.send("retract", decision=waiting.id, reason="早すぎた"))[0] == 200
    assert await service.waiting(office.city) == []
    assert "早すぎた" in await office.see("?view=history")
    assert (await only_pilot(office)).state == "planned"
