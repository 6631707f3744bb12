"""The pages of the guide, seen from outside: both readers' questions, the checklist, the record."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.visiting import Visit, visited

from machinami.kit.words import LANGUAGES, differences
from machinami.model.vocabulary.circle import CityNeed, Initiative, Vision
from machinami.services.guide import page


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.guide", tmp_path, page.routes, "/services/guide", "cases") as visit:
        yield visit


def test_the_catalogues_agree() -> None:
    assert differences("machinami.services.guide") == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", page.VIEWS)
async def test_every_page_is_there_in_every_language(visit: Visit, language: str, view: str) -> None:
    assert "<h1>" in await visit.see(f"?lang={language}&view={view}")


async def test_both_readers_find_their_question_on_the_first_screen_of_an_empty_town(visit: Visit) -> None:
    text = await visit.see()
    assert "何から始めればよいか" in text
    assert "始めたが進まない" in text
    assert "まだ何も答えられていません" in text
    assert text.index("町の困りごとを一つ書き") < text.index("推進主体")


async def test_a_step_links_to_its_page_or_says_that_its_service_does_not_run(visit: Visit) -> None:
    text = await visit.see()
    assert 'href="/people"' in text
    assert "「needs」は、この町でまだ動いていません" in text


async def test_answers_of_one_form_move_the_town_on(visit: Visit) -> None:
    form = {"answer-aim_clear": "yes", "answer-team_across": "yes", "text-team_across": "副町長直属"}
    status, text = await visit.send("answer", back="officer", **form)
    assert status == 200
    assert "答えを残しました" in text
    assert "いまは「準備」" in await visit.see()
    record = await visit.see("?view=history")
    assert "副町長直属" in record
    assert "山田花子" in record


async def test_the_same_answers_again_are_no_new_answers(visit: Visit) -> None:
    await visit.send("answer", **{"answer-aim_clear": "yes"})
    _, text = await visit.send("answer", **{"answer-aim_clear": "yes"})
    assert "変わったところはありません" in text


async def test_a_form_without_an_answer_or_a_name_is_refused(visit: Visit) -> None:
    assert (await visit.send("answer"))[0] == 400
    assert (await visit.send("answer", **{"answer-aim_clear": "yes"}, who="", role=""))[0] == 400


async def test_an_answer_is_taken_back_on_the_record(visit: Visit) -> None:
    await visit.send("answer", **{"answer-aim_clear": "yes"})
    status, text = await visit.send("undo", question="aim_clear")
    assert status == 200
    assert "取り消しました" in text


async def test_a_yes_that_the_records_do_not_show_is_marked(visit: Visit) -> None:
    await visit.send("answer", **{"answer-needs_gathered": "yes"})
    assert "町の記録にはまだ見えません" in await visit.see("?view=officer")


async def test_an_answer_on_a_theme_leads_back_to_it(visit: Visit) -> None:
    _, text = await visit.send("answer", back="stuck", theme="money", **{"answer-stuck_benefit": "no"})
    assert "資金（誰が払うか）" in text


async def test_the_stages_of_another_document_are_chosen(visit: Visit) -> None:
    _, text = await visit.send("path", path="area")
    assert "段階の数え方を変えました" in text
    assert "エリアの目標像を分かち合い" in text
    assert (await visit.send("path", path="nowhere"))[0] >= 400


async def test_the_first_page_says_what_runs_and_whether_data_flow(visit: Visit) -> None:
    text = await visit.see()
    assert "町の人のためのサービス 0" in text
    assert "データの出どころは、まだつながっていません" in text


async def test_what_the_records_show_of_what_holds_the_town_stands_beside_it(visit: Visit) -> None:
    await visit.put(Vision("urn:ngsi-ld:Vision:1", state="adopted"), CityNeed("urn:ngsi-ld:CityNeed:1"))
    await visit.put(Initiative("urn:ngsi-ld:Initiative:1", state="going", lead="福祉課"))
    text = await visit.see()
    assert "いまは「計画（戦略）策定」" in text
    assert "費用の払い手がある取組 1 件のうち 0 件" in text
    assert 'aria-label="記録から見えるつまずき' in text
