"""The pages of the menu, seen from outside: shares, decisions, the way back, the table for a tender."""

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.visiting import Visit, visited

from machinami.kit.words import LANGUAGES, differences
from machinami.services.menu import page


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.menu", tmp_path, page.routes, "/services/menu", "flood") as visit:
        yield visit


def test_the_catalogues_agree() -> None:
    assert differences("machinami.services.menu") == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("query", ["", "&view=officer", "&view=history", "&view=officer&only=unmet"])
async def test_every_page_is_there_in_every_language(visit: Visit, language: str, query: str) -> None:
    assert "<h1>" in await visit.see(f"?lang={language}{query}")


async def test_what_is_not_met_is_said(visit: Visit) -> None:
    text = await visit.see()
    assert "機器を動かす機能はない" in text
    assert "別添" in await visit.see("?view=history")


async def test_rows_are_decided_with_reasons_and_taken_back(visit: Visit) -> None:
    form = {"state-actuation": "not_needed", "reason-actuation": "動かす機器がない", "state-authorisation": "selected"}
    status, text = await visit.send("decide", **form)
    assert status == 200
    assert "使う 1、予定 0、不要 1" in text
    record = await visit.see("?view=history")
    assert "動かす機器がない" in record
    assert "山田花子" in record
    _, text = await visit.send("undo", row="actuation")
    assert "取り消しました" in text
    assert "使う 1、予定 0、不要 0" in await visit.see()


async def test_a_form_without_a_decision_is_refused(visit: Visit) -> None:
    status, text = await visit.send("decide")
    assert status == 400
    assert "何も選ばれていません" in text
    status, text = await visit.send("decide", **{"state-authorisation": "selected", "state-actuation": "not_needed"})
    assert status == 400
    assert "理由を書いて" in text
    assert "使う 0、予定 0、不要 0" in await visit.see(), "all of a form is kept, or nothing of it"


async def test_a_group_is_linked_only_where_it_has_rows_to_show(visit: Visit) -> None:
    for query in ("?view=officer&only=wanted", "?view=officer&only=unmet", "?view=officer"):
        text = await visit.see(query)
        wanted = set(re.findall(r'href="#([a-z]+)"', text)) - {"content"}
        assert wanted <= set(re.findall(r'id="([a-z]+)"', text))


async def test_the_list_is_narrowed_to_what_is_asked_for(visit: Visit) -> None:
    text = await visit.see("?view=officer&only=unmet")
    assert "state-actuation" in text
    assert "state-authorisation" not in text


async def test_the_table_for_a_tender_has_every_row_or_what_is_wanted(visit: Visit) -> None:
    rows = list(csv.reader(io.StringIO((await visit.see("/tender.csv")).removeprefix("\ufeff"))))
    assert len(rows) == 45
    assert rows[0][:4] == ["機能群（L1）", "番号", "機能ブロック（L2）", "個別機能（L3）"]
    await visit.send("decide", **{"state-authorisation": "selected"})
    rows = list(csv.reader(io.StringIO((await visit.see("/tender.csv?only=wanted")).removeprefix("\ufeff"))))
    assert [row[3] for row in rows[1:]] == ["認可管理"]
