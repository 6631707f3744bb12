"""The pages of the cases, seen from outside: search, read, try, add, withdraw; in three languages."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.visiting import Visit, visited

from machinami.kit.words import LANGUAGES, differences
from machinami.services.cases import page


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.cases", tmp_path, page.routes, "/services/cases", "flood", "plan") as visit:
        yield visit


def test_the_catalogues_agree() -> None:
    assert differences("machinami.services.cases") == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("query", ["", "&view=officer", "&view=history", "&case=sendai_lid", "&q=%E9%9B%AA"])
async def test_every_page_is_there_in_every_language(visit: Visit, language: str, query: str) -> None:
    assert "<h1>" in await visit.see(f"?lang={language}{query}")


async def test_a_resident_types_a_problem_and_sees_which_words_matched(visit: Visit) -> None:
    text = await visit.see("?q=雪で道が歩けない")
    first = text.partition('class="directory"')[2]
    assert first.index("除雪") < first.index("<mark>雪</mark>")


async def test_nothing_found_says_what_to_do(visit: Visit) -> None:
    assert "一致する事例がありません" in await visit.see("?q=xyzzy")


async def test_what_the_source_does_not_say_is_said_not_to_be_reported(visit: Visit) -> None:
    assert "資料に記載なし" in await visit.see("?case=bandai_office")


async def test_a_case_links_to_the_service_that_does_it_or_says_that_it_does_not_run(visit: Visit) -> None:
    assert 'href="/services/flood"' in await visit.see("?case=fujieda_river")
    assert "この機械に入っていません" in await visit.see("?case=sapporo_points")
    assert "まだありません" in await visit.see("?case=haneda_robots")


async def test_trying_a_case_begins_a_work(visit: Visit) -> None:
    status, text = await visit.send("try", case="sendai_lid")
    assert status == 200
    assert "取組の下書きをつくりました" in text
    assert "計画のページで続ける" in text


async def test_nobody_tries_a_case_without_a_name(visit: Visit) -> None:
    status, text = await visit.send("try", case="sendai_lid", who="", role="課長")
    assert status == 400
    assert "who" in text


async def test_a_case_is_added_found_withdrawn_and_shown_again(visit: Visit) -> None:
    told = {"name": "移動販売車を走らせる", "place": "街並町", "problem": "店が遠い", "text": "週 2 回まわる"}
    _, text = await visit.send("add", field="welfare", stage="", size="other", **told)
    assert "事例を加えました" in text
    assert "この町が加えた事例" in text
    key = re.search(r'name="case" value="(\w+)"', text)
    assert key is not None
    assert "移動販売車" in await visit.see("?q=移動販売車")
    _, text = await visit.send("turn", case=key[1], state="withdrawn")
    assert "取り下げられました" in text
    assert "移動販売車" not in (await visit.see("?q=移動販売車")).partition("<h2>")[2]
    assert "移動販売車" in await visit.see("?view=history")
    _, text = await visit.send("turn", case=key[1], state="shown")
    assert "もう一度見えるようにしました" in text


async def test_a_case_of_the_library_cannot_be_withdrawn(visit: Visit) -> None:
    status, _ = await visit.send("turn", case="bandai_office", state="withdrawn")
    assert status == 409
