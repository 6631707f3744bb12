"""What residents and officers see of the town's money, and what happens to what an officer types."""

import pytest
from tests.services.visiting import SIGNED, Visit

from machinami.broker.policy_rows import protect
from machinami.kit.city import manifest_rows
from machinami.kit.words import LANGUAGES, differences
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money import service
from machinami.services.money.service import PACKAGE

COST = {"name": "クラウド", "task": "cloud", "amount": "480万", "year": "2026", "years": "5", "payer": "町"}
YEARS = {"year": "2026", "years": "5"}
INCOME = {"name": "会費", "source": "fee", "by": "household", "units": "800", "rate": "300", **YEARS}
GRANT = {"name": "交付金", "source": "grant", "by": "amount", "amount": "300万", "year": "2026", "years": "1"}
TERMS = {"share_most": "50", "own_exceeds": "yes", "deadline": "2026-07-10", "term_most": "100万"}
ALONE = "alone0=2000万&alone1=1500万&alone2=900万"
THREE = f"?name0=A&name1=B&name2=C&{ALONE}&use0=1&use1=9&use2=1&build=1200万&operation=1500万"


def test_every_sentence_is_there_in_every_language() -> None:
    assert differences(PACKAGE) == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_empty_town_is_told_what_to_do_first(visit: Visit, language: str) -> None:
    for view in ("resident", "officer", "history"):
        assert await visit.see(f"?view={view}&lang={language}")
    assert "まず下の「費用を書く」から" in await visit.see("?view=officer&lang=ja")


async def test_what_an_officer_writes_is_what_residents_read_with_the_plain_warning(visit: Visit) -> None:
    status, text = await visit.send("costs", **COST)
    assert status == 200
    assert "費用を書きました" in text
    await visit.send("incomes", **INCOME)
    seen = await visit.see()
    assert "令和8（2026）〜令和12（2030）年度、毎年：運用費 4,800,000 円 に対し、" in seen
    assert "補助金以外の収入は 2,880,000 円 です。" in seen
    assert "1,920,000 円 足りず" in seen
    assert 'class="money-running"' in seen
    assert "Every year, FY 2026–2030" in await visit.see("?lang=en")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("amount", "12a", "1,200,000 や 120万"),
        ("name", "", "「名前」を書いてください"),
        ("year", "26", "2000 から 2100 まで"),
        ("years", "0", "1 から 10 まで"),
        ("most", "x", "「高ければ（%）」"),
        ("task", "magic", "選び直して"),
    ],
)
async def test_what_will_not_do_is_shown_again_with_what_would(visit: Visit, field: str, value: str, told: str) -> None:
    status, text = await visit.send("costs", **{**COST, field: value})
    assert status == 422
    assert told in text
    assert 'value="町"' in text
    assert f'autocomplete="name" value="{SIGNED["who"]}"' in text
    assert await visit.city.find(CostItem) == []


async def test_a_fee_needs_its_rate_and_a_donation_is_a_million_at_least(visit: Visit) -> None:
    status, text = await visit.send("incomes", **{**INCOME, "rate": ""})
    assert status == 422
    assert "「単価・率」" in text
    gift = {**INCOME, "name": "寄付", "source": "donation", "by": "profit", "units": "4000万", "rate": "", "years": "1"}
    await visit.send("incomes", **gift)
    (row,) = await visit.city.find(IncomeItem)
    assert row.amount == 1_000_000
    assert row.basis == {"by": "profit", "units": 40_000_000, "rate": 1.0, "least": 1_000_000}


async def test_a_row_is_edited_withdrawn_and_brought_back_from_the_history(visit: Visit) -> None:
    await visit.send("costs", **{**COST, "years": "1"})
    (row,) = await visit.city.find(CostItem)
    form = await visit.see(f"?view=officer&edit={row.id}")
    assert 'value="4,800,000"' in form
    status, text = await visit.send("costs", **{**COST, "id": row.id, "amount": "500万", "reason": "値上げ"})
    assert status == 200
    assert "5,000,000 円" in text
    await visit.send("withdraw", row=row.id, reason="やめた")
    past = await visit.see("?view=history")
    assert "2026 4,800,000 円 町 → 2026 5,000,000 円 町" in past
    assert "値上げ" in past
    change = next(c.id for c in (await service.standing(visit.city, visit.now)).changes if c.kind == "withdrawn")
    status, text = await visit.send("undo", change=change)
    assert "元に戻しました" in text
    assert (await visit.city.find(CostItem))[0].amount == 5_000_000


async def test_a_grant_that_breaks_its_terms_is_told_to_officers(visit: Visit) -> None:
    await visit.send("costs", **COST)
    await visit.send("incomes", **GRANT, **TERMS)
    seen = await visit.see("?view=officer")
    for told in ("600,000 円 超えています", "2,000,000 円 超えています", "いまの負担は 1,800,000 円", "あと 10 日"):
        assert told in seen


async def test_rows_leave_as_csv_that_a_spreadsheet_reads(visit: Visit) -> None:
    await visit.send("costs", **{**COST, "name": "=1+1", "years": "1"})
    text = await visit.see("/rows.csv")
    head, row, *_ = text.split("\r\n")
    assert head.startswith("\ufeff区分,年度,名前")
    assert row.startswith("費用,2026,'=1+1,クラウド利用料,,4800000,町")


async def test_a_setting_is_changed_or_refused_with_what_would_do(visit: Visit) -> None:
    status, text = await visit.send("settings", setting="years", value="3", reason="見直し")
    assert status == 200
    await visit.send("costs", **COST)
    assert "令和8（2026）〜令和10（2028）年度" in await visit.see()
    status, text = await visit.send("settings", setting="years", value="99", reason="見直し")
    assert status == 422
    assert "1 から 10 まで" in text


async def test_rules_of_sharing_stand_side_by_side_and_a_loser_is_named(visit: Visit) -> None:
    seen = await visit.see(f"/sharing{THREE}")
    assert "B は、抜けたほうが" in seen
    assert "「人口（人）」が全員分そろうと計算できます" in seen
    assert "例を入れて試す" in await visit.see("/sharing")


async def test_a_sharing_is_kept_agreed_on_and_shown_to_residents(visit: Visit) -> None:
    await visit.send("costs", **COST)
    members = {"name0": "A町", "name1": "B町", "build": "1001"}
    status, text = await visit.send("sharing", **members, rule="equal", title="二町の分担")
    assert status == 200
    assert "分担の案を残しました" in text
    (share,) = (await service.standing(visit.city, visit.now)).shares
    assert [row["share"] for row in share.members or []] == [501, 500]
    await visit.send("sharing/agreed", share=share.id, first="2026", reason="第1回協議会")
    assert "費用の分担（合意済み）" in await visit.see()
    await visit.send("sharing/withdrawn", share=share.id, reason="やり直し")
    assert "費用の分担（合意済み）" not in await visit.see()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?name0=A&build=100", "2 から 10 の構成員"),
        ("?name0=A&name1=A&build=100", "同じ名前は使えません"),
        ("?name0=A&name1=B", "分ける金額がありません"),
        ("?name0=A&name1=B&build=x", "「初期費用（円）」"),
        ("?name0=A&name1=B&build=9&works=A,C=3", "A町, B町 = 2,500万"),
        ("?name0=A&name1=B&build=9&years=2&prefecture_years=5", "0 から 2 まで"),
    ],
)
async def test_a_sharing_that_cannot_be_is_told_why(visit: Visit, query: str, told: str) -> None:
    async with visit._session.get(f"{visit._url}{visit.address}/sharing{query}") as answer:
        assert answer.status == 422
        assert told in await answer.text()


async def test_in_a_protected_town_a_stranger_sees_nothing_and_a_resident_what_it_costs(visit: Visit) -> None:
    await visit.send("costs", **COST)
    await protect(visit.town)
    visit.town.policy.lend(manifest_rows(visit.city.manifest))
    assert "クラウド" in await visit.see("?view=officer")
    status, _ = await visit.send("costs", **{**COST, "name": "保守"})
    assert status == 200
    visit.by = ANONYMOUS
    async with visit._session.get(f"{visit._url}{visit.address}") as answer:
        assert answer.status == 401
        assert "4,800,000" not in await answer.text()
    status, _ = await visit.send("costs", **COST)
    assert status == 401
    visit.by = Principal("urn:person:r", frozenset({Role.RESIDENT}))
    assert "クラウド" in await visit.see()
