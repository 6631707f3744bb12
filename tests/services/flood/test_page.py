"""The flood page: who sees what, and what an officer may type."""

from dataclasses import replace

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import rivers, scenes
from tests.fakes.preview import Preview

from machinami.kit.words import Words
from machinami.services.flood.model import MARKS
from machinami.services.flood.page import choose_audience, read_thresholds, view

WORDS = Words("ja", "machinami.services.flood")
ZONE = "Asia/Tokyo"
OFFICER = {"who": "山田花子", "role": "課長"}
SEEN = "2026-07-01T00:00:00Z"


def test_residents_see_no_forecast_unless_the_town_has_decided_so() -> None:
    state = rivers.storm()
    closed = view(state, "resident", WORDS, scenes.NOW, ZONE)
    assert all(card.chart["middle"] is None and card.highest is None for card in closed.cards if card.chart)
    assert all(row.middle is None for card in closed.cards for row in card.rows)
    opened = view(replace(state, public_forecast=True), "resident", WORDS, scenes.NOW, ZONE)
    assert any(card.highest for card in opened.cards)
    assert any(card.highest for card in view(state, "officer", WORDS, scenes.NOW, ZONE).cards)


def test_the_worst_gauge_comes_first_and_a_silent_one_before_the_calm_ones() -> None:
    cards = view(rivers.storm(), "resident", WORDS, scenes.NOW, ZONE).cards
    assert [card.sheet.level for card in cards] == [3, 2, None, 0, 0]
    assert cards[2].direction == "unknown"


def test_a_gauge_that_never_spoke_has_no_chart() -> None:
    state = rivers.storm()
    mute = replace(state.sheets[0], observed=(), level=None)
    card = view(replace(state, sheets=[mute]), "resident", WORDS, scenes.NOW, ZONE).cards[0]
    assert card.chart is None
    assert card.value is None


@pytest.mark.parametrize(("asked", "chosen"), [("officer", "officer"), (None, "resident"), ("mayor", "resident")])
def test_an_unknown_view_is_the_residents(asked: str | None, chosen: str) -> None:
    assert choose_audience(asked) == chosen


def form(*levels: str) -> dict[str, str]:
    """What an officer types."""
    return {mark: text for (mark, _), text in zip(MARKS, levels, strict=True)}


@pytest.mark.parametrize(
    ("levels", "faulty"),
    [
        (("1.8", "2.4", "2.9", "3.6"), []),
        (("1.8", "2.4", "3.6", "3.6"), []),
        (("1.8", "", "2.9", ""), []),
        (("", "", "", ""), []),
        (("2.4", "2.4", "2.9", "3.6"), ["judgement"]),
        (("1.8", "2.4", "2.9", "2.8"), ["bank"]),
        (("3.0", "", "2.9", "3.6"), ["danger"]),
        (("high", "2.4", "2.9", "3.6"), ["attention"]),
        (("1.8", "nan", "2.9", "inf"), ["judgement", "bank"]),
    ],
)
def test_the_levels_must_rise(levels: tuple[str, ...], faulty: list[str]) -> None:
    _, fields = read_thresholds(form(*levels), WORDS)
    assert [field.mark for field in fields if field.fault] == faulty
    assert [field.text for field in fields] == list(levels)


@given(st.lists(st.floats(-99, 999), min_size=4, max_size=4, unique=True).map(sorted))
def test_rising_levels_are_always_taken_as_typed(levels: list[float]) -> None:
    found, fields = read_thresholds(form(*map(repr, levels)), WORDS)
    assert not any(field.fault for field in fields)
    assert [found.attention, found.judgement, found.danger, found.bank] == levels


@given(st.dictionaries(st.sampled_from([mark for mark, _ in MARKS]), st.text(max_size=12)))
def test_whatever_is_typed_gets_an_answer(typed: dict[str, str]) -> None:
    _, fields = read_thresholds(typed, WORDS)
    assert len(fields) == 4


@pytest.fixture
async def officer(tmp_path):
    """An officer at the page of a town in a storm."""
    async with Preview(tmp_path).open() as preview:
        async with aiohttp.ClientSession(preview.url, headers={"Accept": "text/html"}) as session:
            yield preview, session


APPROVAL = {
    "proposal": "urn:ngsi-ld:FloodProposal:1", "headline": "川沿いの方へ", "body": "水位が高い",
    "instruction": "高台へ", "area": "中町", "read": "yes", **OFFICER,
}  # fmt: skip


async def test_what_an_officer_approves_is_what_residents_read(officer) -> None:
    preview, session = officer
    async with session.post("/services/flood/approve", data=APPROVAL) as answer:
        assert "承認し、発表しました" in await answer.text()
    for address in ("/", "/services/flood"):
        async with session.get(address) as answer:
            html = await answer.text()
        assert "川沿いの方へ" in html
        assert "高台へ" in html
        assert "課長 山田花子が承認" in html
    withdrawal = {"notice": "urn:ngsi-ld:Alert:2", "reason": "水位が下がった", **OFFICER}
    async with session.post("/services/flood/withdraw", data=withdrawal) as answer:
        html = await answer.text()
    assert "発表を取り消しました" in html
    assert [d.kind for d in preview.flood.known.decisions[:2]] == ["withdrawn", "approved"]


@pytest.mark.parametrize("missing", ["who", "role", "headline", "instruction", "read"])
async def test_nothing_is_published_without_a_name_and_a_look(officer, missing: str) -> None:
    preview, session = officer
    sent = {key: value for key, value in APPROVAL.items() if key != missing}
    async with session.post("/services/flood/approve", data=sent) as answer:
        assert answer.status == 400
        assert missing in await answer.text()
    assert not preview.flood.known.notices


async def test_wrong_levels_are_shown_again_with_what_is_wrong(officer) -> None:
    preview, session = officer
    gauge = preview.flood.known.sheets[0]
    sent = {"gauge": gauge.id, **form("3", "2", "4", "5"), "reason": "試し", **OFFICER}
    async with session.post("/services/flood/thresholds", data=sent) as answer:
        assert answer.status == 422
        html = await answer.text()
    assert 'aria-invalid="true"' in html
    assert "「避難判断水位」は「氾濫注意水位」より高くしてください" in html
    assert preview.flood.known.sheets[0].thresholds == gauge.thresholds


async def test_a_change_of_levels_is_kept_and_can_be_undone(officer) -> None:
    preview, session = officer
    gauge = preview.flood.known.sheets[0]
    sent = {"gauge": gauge.id, **form("1", "2", "3", "4"), "reason": "河床が下がった", **OFFICER}
    async with session.post("/services/flood/thresholds", data=sent) as answer:
        assert "水位の目安を変えました" in await answer.text()
    async with session.get("/services/flood?view=history") as answer:
        assert "河床が下がった" in await answer.text()
    async with session.post(
        "/services/flood/thresholds/undo", data={"gauge": gauge.id, "seen": SEEN, **OFFICER}
    ) as answer:
        assert "直前の変更を取り消しました" in await answer.text()
    assert preview.flood.known.sheets[0].thresholds == gauge.thresholds


async def test_a_setting_is_shown_with_unit_and_help_changed_and_undone(officer) -> None:
    _, session = officer
    async with session.get("/services/flood?view=officer") as answer:
        html = await answer.text()
    assert "<b>沈黙とみなす時間</b> <b>40 分</b>" in html
    assert "この時間データが届かない水位計は「沈黙」とし" in html
    assert "2 から 720 まで" in html
    sent = {"setting": "silent_minutes", "value": "25", "reason": "台風の備え", **OFFICER}
    async with session.post("/services/flood/settings", data=sent) as answer:
        html = await answer.text()
    assert "設定を変えました" in html
    assert "台風の備え" in html
    async with session.post(
        "/services/flood/settings", data={"setting": "silent_minutes", "undo": "yes", **OFFICER}
    ) as answer:
        assert "設定の直前の変更を取り消しました" in await answer.text()


async def test_a_setting_that_will_not_do_is_shown_again_with_what_would(officer) -> None:
    preview, session = officer
    sent = {"setting": "silent_minutes", "value": "1", "reason": "試し", **OFFICER}
    async with session.post("/services/flood/settings", data=sent) as answer:
        assert answer.status == 422
        html = await answer.text()
    assert "「沈黙とみなす時間」は、2 から 720 まで（分）の、小数のつかない数で書いてください" in html
    assert 'aria-invalid="true"' in html
    assert not any(sheet.changes for sheet in preview.flood.known.settings)


async def test_the_resident_sees_no_proposal_and_no_form(officer) -> None:
    _, session = officer
    async with session.get("/services/flood") as answer:
        html = await answer.text()
    assert "/services/flood/approve" not in html
    assert "61 %" not in html
