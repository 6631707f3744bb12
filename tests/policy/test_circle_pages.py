"""What do guide, cases and menu show and take in a protected town, by the role of who comes?"""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from tests.policy.inhabited import Crowd, Inhabited, inhabited

from machinami.kit.installed import Broken, Service, load

PAGES = (
    "/services/guide",
    "/services/guide?view=officer",
    "/services/guide?view=stuck",
    "/services/guide?view=history",
    "/services/cases",
    "/services/cases?case=taki_six_towns",
    "/services/menu",
    "/services/menu?view=history",
    "/services/menu/tender.csv",
)
OFFICER = {"who": "Kei", "role": "officer"}
CASE = {"name": "a", "place": "b", "problem": "c", "text": "d", "field": "energy", "size": "other", "stage": ""}
DEEDS = {
    "/services/guide/answer": {"answer-aim_clear": "yes"},
    "/services/guide/undo": {"question": "aim_clear"},
    "/services/guide/path": {"path": "area"},
    "/services/cases/add": CASE,
    "/services/cases/try": {"case": "taki_six_towns"},
    "/services/menu/decide": {"state-actuation": "planned"},
    "/services/menu/undo": {"row": "actuation"},
}

UNDONE = {"/services/guide/undo": "/services/guide/answer", "/services/menu/undo": "/services/menu/decide"}


class Circle(Inhabited):
    """An installation that has these three services."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The three."""
        return [load(f"machinami.services.{name}") for name in ("guide", "cases", "menu")], []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with inhabited(tmp_path_factory.mktemp("town"), Circle) as found:
        yield found


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_stranger_sees_nothing_and_people_of_the_town_see_the_page(crowd: Crowd, page: str) -> None:
    assert (await crowd.ask("nobody", "GET", page)).refused
    assert [(await crowd.ask(who, "GET", page)).status for who in ("resident", "officer", "mayor")] == [200] * 3


@pytest.mark.asyncio(loop_scope="module")
async def test_what_a_resident_may_not_see_is_said_to_be_closed_and_not_to_be_missing(crowd: Crowd) -> None:
    told = (await crowd.ask("resident", "GET", "/services/guide")).text
    assert "まだ何も答えられていません" not in told
    assert 'class="closed"' in told
    assert "いまここ" not in told
    assert "次の 3 歩" not in told


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.asyncio(loop_scope="module")
async def test_only_who_may_decide_does_and_the_others_change_nothing(crowd: Crowd, deed: str) -> None:
    if deed in UNDONE:
        await crowd.ask("officer", "POST", UNDONE[deed], form={**DEEDS[UNDONE[deed]], **OFFICER})
    before = await crowd.state()
    for who in ("nobody", "resident"):
        told = await crowd.ask(who, "POST", deed, form={**DEEDS[deed], **OFFICER})
        assert told.refused or told.status == 409, (who, told.status)  # what is not there for them cannot be taken back
    assert (await crowd.state())[2] == before[2]
    assert (await crowd.ask("officer", "POST", deed, form={**DEEDS[deed], **OFFICER})).status == 303


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_form_of_another_site_is_not_taken(crowd: Crowd, deed: str) -> None:
    form = {**DEEDS[deed], **OFFICER}
    assert (await crowd.ask("officer", "POST", deed, form=form, Sec_Fetch_Site="cross-site")).status == 403
    assert (await crowd.ask("officer", "POST", deed, form={**form, "form_token": "0" * 32})).status == 403
