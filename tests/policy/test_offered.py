"""What may the public read of cases, diagnosis and choices, and what is offered on pages to who may not do it?"""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from tests.policy.inhabited import Crowd, Inhabited, inhabited

from machinami.kit.installed import Broken, Service, load
from machinami.model.starting_policy import PUBLIC
from machinami.model.town_terms import TERMS

NAMES = ("cases", "guide", "menu", "money", "needs", "participation", "partnership", "pilots", "plan")
OPEN = ("ReferenceCase", "TownService", "Consortium", "Resolution", "CostShare", "ParticipationStep")
SHUT = (
    "StageDiagnosis",
    "GuideAnswer",
    "MenuChoice",
    "MoneyChange",
    "PartnershipChange",
    "SolutionMatch",
    "MatchingDay",
)
PAGES = (
    "/services/partnership?view=officer",
    "/services/partnership?view=history",
    "/services/partnership/offers",
    "/services/partnership/days",
    "/services/money?view=officer",
    "/services/money/sharing?example=1",
    "/services/participation?view=officer",
    "/services/cases?view=officer",
    "/services/cases?case=sendai_lid&view=officer",
    "/services/guide?view=officer",
    "/services/guide?view=stuck&theme=money",
    "/services/menu?view=officer",
    "/services/needs?view=officer",
    "/services/pilots?view=officer",
)


class Circle(Inhabited):
    """An installation that has these services."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """These."""
        return [load(f"machinami.services.{name}") for name in NAMES], []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with inhabited(tmp_path_factory.mktemp("town"), Circle) as found:
        yield found


def test_the_public_reads_cases_and_what_runs_and_officers_read_the_towns_view_of_itself() -> None:
    assert {TERMS[name] for name in OPEN} <= set(PUBLIC)
    assert len(PUBLIC) == len(set(PUBLIC)), "each is said once"
    assert not {TERMS[name] for name in SHUT} & set(PUBLIC)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_resident_reads_a_case_and_no_answer_of_the_guide(crowd: Crowd) -> None:
    made = (("ReferenceCase", "urn:ngsi-ld:ReferenceCase:own"), ("GuideAnswer", "urn:ngsi-ld:GuideAnswer:aim_clear"))
    for kind, entity in made:
        body = {"id": entity, "type": TERMS[kind], "state": {"type": "Property", "value": "shown"}}
        assert (await crowd.ask("officer", "POST", "/ngsi-ld/v1/entities", body=body, Accept="*/*")).status == 201
    seen = [
        (await crowd.ask("resident", "GET", f"/ngsi-ld/v1/entities/{entity}", Accept="*/*")).status
        for _, entity in made
    ]
    assert seen == [200, 404]
    for page in ("/services/guide", "/services/menu"):
        assert 'class="closed"' in (await crowd.ask("resident", "GET", page)).text
        assert 'class="closed"' not in (await crowd.ask("officer", "GET", page)).text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.asyncio(loop_scope="module")
async def test_who_may_not_write_is_shown_no_form_and_told_who_may(crowd: Crowd, page: str) -> None:
    told = (await crowd.ask("resident", "GET", page)).text
    body = told.partition("<main")[2].partition("</main>")[0]
    assert 'method="post"' not in body
    if "view=history" not in page:
        assert "町の担当者" in body
        assert "町の担当者がします" in body or "書けるのは町の担当者です" in body
    assert (await crowd.ask("officer", "GET", page)).status == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_an_officer_is_shown_the_forms(crowd: Crowd) -> None:
    for page in ("/services/partnership?view=officer", "/services/money?view=officer", "/services/cases?view=officer"):
        told = (await crowd.ask("officer", "GET", page)).text
        assert ('method="post"' in told, "書けるのは町の担当者です" in told) == (True, False)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_mayor_who_adds_nothing_decides_at_a_gate_and_is_offered_no_more_than_that(crowd: Crowd) -> None:
    written = {"who": "山田花子", "role": "企画課長", "name": "予約バスを試す", "hypothesis": "夜に出かける人が増える"}
    assert (await crowd.ask("officer", "POST", "/services/pilots/write", form=written)).status == 303
    pilots = "/services/pilots?view=officer"
    page = (await crowd.ask("mayor", "GET", pilots)).text
    assert 'action="/services/pilots/decide"' in page
    assert 'action="/services/pilots/write"' not in page
    pilot = page.partition('name="pilot" value="')[2].partition('"')[0]
    said = {"pilot": pilot, "gate": "start", "verdict": "no", "reason": "払う人が決まっていない"}
    signed = {"who": "街はるか", "role": "町長", **said}
    for who in ("resident", "nobody", "operator"):
        assert (await crowd.ask(who, "POST", "/services/pilots/decide", form=signed)).refused
    assert "払う人が決まっていない" not in (await crowd.ask("resident", "GET", "/services/pilots")).text
    assert (await crowd.ask("mayor", "POST", "/services/pilots/decide", form=signed)).status == 303
    read = (await crowd.ask("resident", "GET", "/services/pilots")).text
    assert "払う人が決まっていない" in read
    assert "街はるか" in read


@pytest.mark.asyncio(loop_scope="module")
async def test_a_mayor_approves_and_publishes_what_officers_wrote(crowd: Crowd) -> None:
    signed = {"who": "街はるか", "role": "町長"}
    for who, deed, form in (
        ("officer", "begin", {**signed, "kind": "first"}),
        ("mayor", "approve", signed),
        ("mayor", "publish", signed),
    ):
        for nobody in ("resident", "operator"):
            told = await crowd.ask(nobody, "POST", f"/services/plan/{deed}", form=form)
            assert told.refused or told.status == 409, "they see no draft, so for them there is nothing to decide on"
        told = await crowd.ask(who, "POST", f"/services/plan/{deed}", form=form)
        assert told.status == 303, (deed, told.text)
    assert "街はるか" in (await crowd.ask("resident", "GET", "/services/plan")).text
    assert 'action="/services/plan/keep"' not in (await crowd.ask("mayor", "GET", "/services/plan?view=officer")).text
