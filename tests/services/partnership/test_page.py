"""What residents and the office see of the partnership, and what happens to what is typed."""

import pytest
from tests.services.partnership.conftest import BUS, put_needs
from tests.services.visiting import Visit

from machinami.broker.policy_rows import protect
from machinami.kit.city import manifest_rows
from machinami.kit.words import LANGUAGES, differences
from machinami.model.principal import Principal, Role
from machinami.services.partnership.model import (
    ConsortiumMeeting,
    ConsortiumMember,
    DataRule,
    PartnershipChange,
    SolutionMatch,
    SolutionSeed,
)
from machinami.services.partnership.service import PACKAGE

BODY = {"name": "街並町推進協議会", "text": "町の課題を解く", "rule": "majority", "quorum": "50"}
MEMBER = {"name": "早瀬交通", "kind": "company", "role_of": "member", "text": "バスの運行"}
SEED = {
    "name": "オンデマンド交通", "text": "病院や買い物への足になる", "provider": "早瀬交通", "kind": "company",
    "field": "transport", "maturity": "tried", "conditions": "年 300 万円から",
}  # fmt: skip


def test_every_sentence_is_there_in_every_language() -> None:
    assert differences(PACKAGE) == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_empty_town_is_told_what_to_do_first(visit: Visit, language: str) -> None:
    for path in ("?view=resident&", "?view=officer&", "?view=history&", "/offers?", "/days?"):
        assert await visit.see(f"{path}lang={language}")
    assert "まず下で、協議会の名前と決め方を" in await visit.see("?view=officer&lang=ja")


async def set_up(visit: Visit) -> list[str]:
    """A consortium of two members and a planned meeting; the ids of the members."""
    await visit.send("consortium", **BODY)
    await visit.send("members", **MEMBER)
    await visit.send("members", **{**MEMBER, "name": "県立大学", "kind": "university"})
    await visit.send("meetings", name="第1回協議会", held_on="2026-07-10", place="役場", agenda="規約\n計画")
    return [one.id for one in await visit.city.find(ConsortiumMember)]


async def test_residents_read_who_is_in_it_and_what_was_decided(visit: Visit) -> None:
    one, other = await set_up(visit)
    (meeting,) = await visit.city.find(ConsortiumMeeting)
    ticked = {f"in:{one}": "yes", f"in:{other}": "yes"}
    status, text = await visit.send("held", id=meeting.id, minutes="交通から始める", **ticked)
    assert "議事録を保存しました" in text
    votes = {f"vote:{one}": "yes", f"vote:{other}": "yes"}
    status, text = await visit.send("votes", id=meeting.id, name="実証を行う", rule="majority", **votes)
    assert (status, "可決されました" in text) == (200, True)
    seen = await visit.see()
    for told in (
        "早瀬交通",
        "大学・研究機関",
        "交通から始める",
        "賛成 2・反対 0・棄権 0（出席 2／議決権 2、必要な賛成 2）",
    ):
        assert told in seen
    assert '<form method="post"' not in seen


async def test_a_rule_for_data_shows_who_agreed_to_which_version(visit: Visit) -> None:
    one, _ = await set_up(visit)
    await visit.send("rules", name="データの約束", text="目的だけに使う")
    (rule,) = await visit.city.find(DataRule)
    await visit.send("agreed", rule=rule.id, member=one)
    assert "2 団体のうち 1 団体が" in await visit.see()
    await visit.send("rules", name="データの約束", text="期間も決める", replaces=rule.id)
    seen = await visit.see()
    assert "第 2 版" in seen
    assert "2 団体のうち 0 団体が" in seen


async def test_groups_are_made_changed_and_ended_and_members_leave(visit: Visit) -> None:
    one, other = await set_up(visit)
    await visit.send("groups", name="交通分科会", text="足の確保", lead=one, **{f"in:{other}": "yes"})
    assert "とりまとめ: 早瀬交通" in await visit.see()
    await visit.send("left", id=other, reason="異動")
    seen = await visit.see()
    assert "1 団体" in seen
    await visit.send("settings", setting="follow_days", value="10", reason="見直し")
    status, text = await visit.send("settings", setting="follow_days", value="0", reason="見直し")
    assert 'aria-invalid="true"' in text, "what was typed stands in its form again"
    assert status == 422


@pytest.mark.parametrize(
    ("deed", "form", "told"),
    [
        ("consortium", {**BODY, "quorum": "half"}, "0 から 100 まで"),
        ("consortium", {**BODY, "name": ""}, "「名前」を書いてください"),
        ("members", {**MEMBER, "kind": "king"}, "選び直してください"),
        ("meetings", {"name": "第1回", "held_on": "2026-07-01", "agenda": ""}, "「議題」を書いてください"),
        ("offers/seed", {**SEED, "field": "magic"}, "選び直してください"),
        ("days", {"name": "秋", "held_on": "2026-10-01"}, "だれも会えません"),
    ],
)
async def test_what_will_not_do_is_told_with_what_would(
    visit: Visit, deed: str, form: dict[str, str], told: str
) -> None:
    status, text = await visit.send(deed, **form)
    assert status == 422
    assert told in text


async def test_an_offer_is_found_with_the_words_that_matched_and_followed_up(visit: Visit) -> None:
    await put_needs(visit, BUS)
    await visit.send("offers/seed", **SEED)
    seen = await visit.see("/offers?q=病院へ行きたい")
    assert "合った言葉：" in seen
    assert '<span class="tag fixed">病院</span>' in seen
    assert "合った言葉：" in await visit.see(f"/offers?need={BUS.id}")
    assert "合う提案が見つかりません" in await visit.see("/offers?q=除雪")
    (seed,) = await visit.city.find(SolutionSeed)
    await visit.send("offers/match", need=BUS.id, seed=seed.id)
    visit.wait(days=31)
    assert "30 日以上、記録がありません" in await visit.see("/offers")
    (match,) = await visit.city.find(SolutionMatch)
    status, text = await visit.send("offers/step", match=match.id, to="ended")
    assert status == 422
    assert "終わった理由を書いてください" in text
    await visit.send("offers/step", match=match.id, to="met", reason="役場で")
    assert "面談した" in await visit.see()
    await visit.send("offers/withdraw", id=seed.id, reason="終了")
    assert "提案はまだ登録されていません" in await visit.see("/offers")


async def test_a_matching_day_begins_with_what_texts_suggest_and_takes_what_is_typed(visit: Visit) -> None:
    await put_needs(visit, BUS)
    await visit.send("offers/seed", **SEED)
    seen = await visit.see("/days")
    assert 'name="wishes:n1" value="1"' in seen
    form = {"name": "秋の会", "held_on": "2026-10-01", "places:n1": "2", "places:s1": "1", "wishes:s1": "1"}
    status, text = await visit.send("days", **form, **{"wishes:n1": "9"})
    assert status == 422
    assert "相手の一覧にある番号" in text
    assert 'value="9"' in text
    status, text = await visit.send("days", **form, **{"wishes:n1": "１"})
    assert "面談の組み合わせを決めました" in text
    assert "病院へ行くバスが少ない × オンデマンド交通" in text


async def test_a_change_is_undone_from_the_history(visit: Visit) -> None:
    await visit.send("members", **MEMBER)
    (change,) = await visit.city.find(PartnershipChange)
    assert "早瀬交通" in await visit.see("?view=history")
    _, text = await visit.send("undo", change=change.id)
    assert "元に戻しました" in text
    assert "まだ構成員がいません" in await visit.see()


async def test_in_a_protected_town_a_resident_sees_what_the_rows_allow_and_writes_nothing(visit: Visit) -> None:
    await set_up(visit)
    await protect(visit.town)
    visit.town.policy.lend(manifest_rows(visit.city.manifest))
    visit.by = Principal("urn:person:r", frozenset({Role.RESIDENT}))
    assert "早瀬交通" in await visit.see()
    status, _ = await visit.send("members", **{**MEMBER, "name": "別の会社"})
    assert status == 403
    assert 'class="closed"' in await visit.see("?view=history")
