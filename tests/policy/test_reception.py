"""Does a protected town hold back a flood of strangers at every reception, kindly, and let everybody else in?"""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from tests.policy.inhabited import Crowd, Inhabited, Told, inhabited

from machinami.kit.installed import Broken, Service, load

MOST = 3
NOTE = {"text": "街灯が消えています", "field": "other"}
PROPOSAL = {"kind": "proposal", "name": "公園に時計を", "text": "時間が分かるように", "field": "transport"}


class Receiving(Inhabited):
    """An installation whose services take what people hand in."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """Two of them."""
        return [load(f"machinami.services.{name}") for name in ("needs", "participation")], []


@pytest_asyncio.fixture
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    bounds = {"handed_in_per_address": MOST, "handed_in_per_town": 2 * MOST, "trust_proxy": True}
    async with inhabited(tmp_path_factory.mktemp("town"), Receiving, **bounds) as found:
        yield found


async def hand_in(crowd: Crowd, who: str, deed: str, form: dict[str, str], address: str = "192.0.2.7") -> Told:
    return await crowd.ask(who, "POST", f"/services/{deed}", form=form, X_Forwarded_For=address)


@pytest.mark.parametrize(("deed", "form"), [("needs/hand-in", NOTE), ("participation/hand-in", PROPOSAL)])
async def test_a_stranger_who_drops_every_cookie_is_held_back_kindly(
    crowd: Crowd, deed: str, form: dict[str, str]
) -> None:
    taken = [await hand_in(crowd, "nobody", deed, form) for _ in range(MOST)]
    assert [one.status for one in taken] == [303] * MOST
    store = (await crowd.town.broker.town(None)).store
    before = len(await store.changes(0, 10_000)), await store.records("private/participation/own")
    told = await hand_in(crowd, "nobody", deed, form)
    assert told.status == 429
    assert "いま、たくさん届いています" in told.text
    assert int(told.headers["Retry-After"]) > 3000
    assert before == (len(await store.changes(0, 10_000)), await store.records("private/participation/own"))


async def test_another_household_the_signed_in_and_officers_are_still_heard(crowd: Crowd) -> None:
    for _ in range(MOST + 1):
        await hand_in(crowd, "nobody", "needs/hand-in", NOTE)
    for number in range(MOST):
        assert (await hand_in(crowd, "nobody", "needs/hand-in", NOTE, f"198.51.100.{number}")).status == 303
    assert (await hand_in(crowd, "nobody", "needs/hand-in", NOTE, "203.0.113.9")).status == 429  # the town is full
    assert (await hand_in(crowd, "resident", "needs/hand-in", NOTE)).status == 303
    for _ in range(2 * MOST):
        assert (await hand_in(crowd, "officer", "needs/hand-in", NOTE)).status == 303
    for _ in range(MOST - 1):
        await hand_in(crowd, "resident", "needs/hand-in", NOTE)
    assert (await hand_in(crowd, "resident", "needs/hand-in", NOTE)).status == 429


async def test_looking_is_never_counted(crowd: Crowd) -> None:
    for _ in range(3 * MOST):
        assert (await crowd.ask("nobody", "GET", "/services/needs")).status == 200
        assert (await crowd.ask("nobody", "GET", "/services/participation")).status == 200
    assert (await hand_in(crowd, "nobody", "needs/hand-in", NOTE)).status == 303


async def test_in_the_disaster_mode_more_is_taken_from_strangers(crowd: Crowd) -> None:
    for _ in range(MOST):
        assert (await hand_in(crowd, "nobody", "needs/hand-in", NOTE)).status == 303
    assert (await hand_in(crowd, "nobody", "needs/hand-in", NOTE)).status == 429
    turned = {"state": "on", "reason": "大雨特別警報", "who": "山田花子", "role": "危機管理課長"}
    assert (await crowd.ask("officer", "POST", "/disaster", form=turned)).status == 303
    assert (await hand_in(crowd, "nobody", "needs/hand-in", NOTE)).status == 303
