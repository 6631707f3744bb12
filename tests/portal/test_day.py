"""The page of a day: what happened, in order of time by the town's clocks, and nothing that did not."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.portal.test_pages import check

from machinami.foundation.errors import BadRequestData
from machinami.kit.happening import Event, Weight
from machinami.kit.words import LANGUAGES
from machinami.portal.day import asked_day, part_of, span, view

TOKYO, BERLIN = "Asia/Tokyo", "Europe/Berlin"
NOW = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)  # 18:00 in Tokyo
DAY = date(2026, 7, 3)


def at(hours: float) -> datetime:
    """A moment of the day by the clocks of Tokyo."""
    return datetime(2026, 7, 2, 15, tzinfo=UTC) + timedelta(hours=hours)


def told(hours: float, words: str, weight: Weight = 1) -> tuple[str, Event]:
    return "川の水位", Event(at(hours), words, "/services/flood", weight)


def test_a_day_is_told_in_order_of_time_and_by_its_parts() -> None:
    seen = view(DAY, [told(17, "雨が強まった"), told(7.5, "街灯が切れた"), told(0, "日が変わった")], NOW, TOKYO)
    assert [c.part for c in seen.chapters] == ["night", "morning", "evening"]
    assert [row.clock for c in seen.chapters for row in c.told] == ["00:00", "07:30", "17:00"]
    assert seen.count == 3


def test_what_is_of_another_day_or_has_not_happened_yet_is_not_told() -> None:
    seen = view(DAY, [told(-0.01, "昨日"), told(24, "明日"), told(18.5, "まだ")], NOW, TOKYO)
    assert (seen.count, seen.chapters) == (0, [])


def test_at_one_moment_what_matters_most_comes_first_and_stands_at_the_top() -> None:
    seen = view(DAY, [told(16, "小さなこと"), told(16, "避難の発表", 3)], NOW, TOKYO)
    assert [row.event.words for row in seen.chapters[0].told] == ["避難の発表", "小さなこと"]
    assert [row.event.words for row in seen.most] == ["避難の発表"]


def test_many_small_things_are_folded_behind_those_that_matter() -> None:
    seen = view(DAY, [told(6 + n / 60, f"報告 {n}") for n in range(40)] + [told(7, "本部を置いた", 2)], NOW, TOKYO)
    (morning,) = seen.chapters
    assert [row.event.words for row in morning.told] == ["本部を置いた"]
    assert len(morning.folded) == 40
    assert seen.count == 41


def test_what_two_services_hear_of_one_thing_stands_once_for_each() -> None:
    same = Event(at(6), "停電", "/map")
    assert view(DAY, [("あ", same), ("あ", same), ("い", same)], NOW, TOKYO).count == 2


def test_the_last_day_is_today_and_a_later_one_is_today_too() -> None:
    assert asked_day("", NOW, TOKYO) == DAY
    assert asked_day("2030-01-01", NOW, TOKYO) == DAY
    seen = view(DAY, [], NOW, TOKYO)
    assert (seen.today, seen.after, seen.before) == (True, None, date(2026, 7, 2))
    assert view(seen.before, [], NOW, TOKYO).after == DAY


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "1066-10-14", "20260703T", "٢٠٢٦-٠٧-٠٣"])
def test_what_is_no_day_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(BadRequestData, match="2026-07-03"):
        asked_day(text, NOW, TOKYO)


@pytest.mark.parametrize(("on", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-03", 24)])
def test_a_day_is_as_long_as_the_clocks_of_the_town_make_it(on: str, hours: int) -> None:
    start, end = span(date.fromisoformat(on), BERLIN)
    assert end - start == timedelta(hours=hours)


@given(st.lists(st.tuples(st.floats(-30, 30), st.sampled_from([1, 2, 3])), max_size=40))
def test_every_event_of_the_day_is_told_once_and_in_order(drawn: list[tuple[float, Weight]]) -> None:
    found = [told(hours, f"{n}", weight) for n, (hours, weight) in enumerate(drawn)]
    seen = view(DAY, found, NOW, TOKYO)
    start, end = span(DAY, TOKYO)
    rows = [row for c in seen.chapters for row in (*c.told, *c.folded)]
    expected = {event.words for _, event in found if start <= event.at < end and event.at <= NOW}
    assert {row.event.words for row in rows} == expected
    assert len(rows) == seen.count == len(expected)
    for chapter in seen.chapters:
        for run in (chapter.told, chapter.folded):
            assert all(a.event.at <= b.event.at for a, b in pairwise(run))
            assert all(part_of(row.clock) == chapter.part for row in run)


@pytest.mark.parametrize("preview", ["told", "empty"], indirect=True)
async def test_the_page_of_a_day_is_well_made_in_three_languages(browser: aiohttp.ClientSession) -> None:
    for language in LANGUAGES:
        for asked in (f"/day?lang={language}", f"/day?lang={language}&date=2020-02-29"):
            async with browser.get(asked) as answer:
                assert answer.status == 200
                check(await answer.text(), asked)
    async with browser.get("/day?date=nonsense") as answer:
        assert answer.status == 400
