"""Does the light page say what matters most, first, under 100 KB and without a script, whatever happens in town?"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.portal.outline import Outline

from machinami.kit.happening import Happening, Notice, Reading
from machinami.kit.page import Shell, render
from machinami.kit.words import LANGUAGES, Words
from machinami.model.view import Measured, Point
from machinami.model.view import Words as TownWords
from machinami.model.vocabulary.places import Shelter
from machinami.portal import home, light
from machinami.portal.sketch import Spot, sketch

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
MOST_BYTES = 100_000


def notice(number: int, text: str = "川が増えています。") -> Notice:
    return Notice(
        f"urn:n:{number}", 4, f"避難指示 {number}", text, text, "大橋地区", NOW - timedelta(minutes=number), "町長", "/"
    )


def reading(number: int) -> Reading:
    return Reading(
        f"urn:r:{number}", f"大橋{number}水位観測所", "街並川", 2.5, "m", NOW, 3, [], [], "/", lon=138.2, lat=34.9
    )


def shelter(number: int, taken: int | None = 10, state: str | None = "open") -> Shelter:
    return Shelter(
        f"urn:ngsi-ld:Shelter:{number}", TownWords(ja=f"街並町立第{number}小学校体育館"),
        Point(138.2 + number / 1000, 34.9),
        100, None, state, NOW, None, None if taken is None else Measured(float(taken), NOW - timedelta(minutes=7)),
    )  # type: ignore[arg-type]  # fmt: skip  # of the state


def page(happening: Happening, shelters: list[Shelter], language: str = "ja", mode: str = "on") -> str:
    words = Words(language, "machinami.portal")  # type: ignore[arg-type]  # of the language
    view = light.view(happening, shelters, words)
    shell = Shell({"ja": "街並町"}, NOW, mode=mode)  # type: ignore[arg-type]  # of the mode
    return render(
        light.TEMPLATE, words.language, shell=shell, light=view, style=light.style(), mode=mode, refresh=60,
        links=[(one, f"?lang={one}") for one in LANGUAGES], copied=False, age="", now=home.view(happening, NOW),
    ).decode()  # fmt: skip


def test_the_worst_day_of_a_large_town_is_under_100_kilobytes(figure: Callable[[str, float, str], None]) -> None:
    worst = Happening([notice(n, "避難してください。" * 300) for n in range(60)], [reading(n) for n in range(200)])
    sizes = [len(page(worst, [shelter(n) for n in range(500)], language).encode()) for language in LANGUAGES]
    figure("light page, worst day", max(sizes) / 1000, "KB")
    assert max(sizes) < MOST_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_matters_most_comes_first_and_says_how_old_it_is(language: str) -> None:
    said = page(Happening([notice(3)], [reading(1)]), [shelter(1), shelter(2, 100), shelter(3, None)], language)
    order = [said.index(f'id="{name}"') for name in ("told", "refuges", "waters", "where", "call")]
    assert order == sorted(order)
    assert said.count("<time ") >= 6  # of the page, the notice, each count, each reading
    assert "171" in said
    assert "119" in said
    found = Outline.of(said)
    assert found.faults == []
    assert not found.all("script")
    assert not found.all("link")
    assert not any("style" in one or "src" in one for _, one in found.tags)
    assert found.all("meta")[2] == {"http-equiv": "refresh", "content": "60"}


def test_waters_that_are_dangerous_are_told_above_all_where_the_town_has_not_told_of_them_yet() -> None:
    said = page(Happening([], [reading(1), reading(2)]), [shelter(1)])
    assert said.index("避難判断水位を超えました") < said.index('id="told"')
    assert '<b class="grave">避難判断</b>' in said
    told = page(Happening([replace(notice(3), level=3)], [reading(1)]), [shelter(1)])
    assert 'id="seen"' not in told


def test_shelters_with_room_come_first_and_full_ones_last() -> None:
    shelters = [shelter(1, 100), shelter(2, None), shelter(3, 90), shelter(4, 20), shelter(5, 0, "closed")]
    found = light.view(Happening(), [*shelters, shelter(6, 0, None)], Words("ja", "machinami.portal"))
    assert [one.free for one in found.refuges] == [80, 10, None, 0]
    assert [one.number for one in found.refuges] == ["1", "2", "3", "4"]
    assert found.unsaid == 1
    assert "満員" in page(Happening(), shelters)


def test_what_strangers_may_not_see_is_said_to_be_hidden_and_not_to_be_none() -> None:
    said = page(Happening(closed=frozenset({"Alert", "Shelter", "RiverGauge"})), [])
    assert "呼びかけは出ていません" not in said
    assert said.count("公開されていません") == 3


def test_a_drill_looks_the_same_and_is_marked_as_one() -> None:
    earnest, drill = (page(Happening([notice(1)]), [shelter(1)], mode=mode) for mode in ("on", "drill"))
    assert "訓練" not in earnest
    assert drill.count("【訓練】") >= 2  # the title and the ribbon
    alike = [re.sub(r"【訓練】 ?|<p class=\"mode.*</p>", "", one).split() for one in (earnest, drill)]
    assert alike[0] == alike[1]


places = st.lists(st.tuples(st.floats(122, 154), st.floats(20, 46)), min_size=1, max_size=40)


@given(places)
def test_every_place_is_in_the_drawing_with_north_up(found: list[tuple[float, float]]) -> None:
    drawn = sketch([Spot("refuge", str(n), lon, lat) for n, (lon, lat) in enumerate(found)])
    assert drawn is not None
    assert all(0 <= mark.x <= drawn.width and 0 <= mark.y <= drawn.height for mark in drawn.marks)
    by_north = sorted(zip(found, drawn.marks, strict=True), key=lambda pair: pair[0][1])
    assert all(one.y >= other.y for (_, one), (_, other) in pairwise(by_north))
    assert drawn.bar <= drawn.width / 2


async def test_the_light_page_is_served_with_a_policy_that_lets_nothing_else_in(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/light") as answer:
        assert answer.status == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "style-src 'sha256-" in policy
        assert "unsafe" not in policy
        assert "大橋" in await answer.text()
