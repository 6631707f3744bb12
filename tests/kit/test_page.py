"""How pages are made: moments, figures, files, colours."""

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from machinami.foundation.errors import NotFound
from machinami.kit.assets import asset, asset_address, cache_rule
from machinami.kit.moments import day_told, fiscal, fiscal_span, moment, year_span, zone_name
from machinami.kit.page import CONTENT_SECURITY_POLICY, Shell, figure, render, town_name
from machinami.kit.words import Language, Words

NOW = datetime(2026, 9, 14, 9, 42, tzinfo=UTC)
CSS = (files("machinami.kit") / "static" / "css" / "ground.css").read_text("utf-8")


def test_a_moment_is_said_in_the_towns_zone_and_names_it() -> None:
    said = moment(NOW - timedelta(minutes=2), NOW, Words("ja"))
    assert (said.clock, said.ago, said.iso) == ("18:40", "2 分前", "2026-09-14T09:40:00Z")
    assert said.full == "2026年9月14日 18:40 JST (Asia/Tokyo)"
    assert moment(NOW, NOW, Words("en")).full == "14 Sep 2026 18:42 JST (Asia/Tokyo)"


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(days=1, hours=23), "1 day ago"),
        (-timedelta(hours=2), "in 2 hours"),
    ],
)
def test_how_long_ago_is_said_in_one_unit(passed: timedelta, said: str) -> None:
    assert moment(NOW - passed, NOW, Words("en")).ago == said


def test_another_day_shows_its_date() -> None:
    assert moment(NOW - timedelta(hours=20), NOW, Words("ja")).clock == "9/13 22:42"
    assert moment(NOW - timedelta(hours=20), NOW, Words("en")).clock == "13 Sep 22:42"


def test_another_year_is_never_left_out() -> None:
    past = NOW - timedelta(days=365)
    assert moment(past, NOW, Words("ja")).clock == "2025年9月14日 18:42"
    assert moment(past, NOW, Words("en")).clock == "14 Sep 2025 18:42"


@pytest.mark.parametrize(("text", "said"), [("2026-11-02", "2026年11月2日"), ("soon", "soon"), (None, "")])
def test_a_day_of_the_data_is_written_as_people_write_it(text: str | None, said: str) -> None:
    assert day_told(text, Words("ja")) == said


@pytest.mark.parametrize(
    ("year", "said"),
    [(2018, "平成30（2018）年度"), (2019, "令和元（2019）年度"), (2026, "令和8（2026）年度"), (1900, "1900年度")],
)
def test_a_fiscal_year_is_named_as_offices_name_it(year: int, said: str) -> None:
    assert fiscal(year, Words("ja")) == said
    assert fiscal(year, Words("en")) == f"FY {year}"


def test_years_in_a_row_are_written_in_one_way() -> None:
    assert fiscal_span(2026, 2029, Words("ja")) == "令和8（2026）〜令和11（2029）年度"
    assert fiscal_span(2026, 2029, Words("en")) == "FY 2026–2029"
    assert fiscal_span(2026, 2026, Words("en")) == "FY 2026"
    assert [year_span(2026, last, Words("ja")) for last in (2026, 2029)] == ["2026年", "2026〜2029年"]


@pytest.mark.parametrize(
    ("zone", "month", "name"),
    [
        ("Asia/Tokyo", 1, "JST"),
        ("Europe/Paris", 1, "CET"),
        ("Europe/Paris", 7, "CEST"),
        ("America/Sao_Paulo", 1, "UTC-03"),
    ],
)
def test_a_zone_is_called_as_people_call_it(zone: str, month: int, name: str) -> None:
    assert zone_name(datetime(2026, month, 1, tzinfo=UTC), zone) == name


def test_a_number_has_its_unit_and_a_true_minus() -> None:
    assert str(figure(-1.5, "m")) == "−1.50 m"
    assert str(figure(None, "m")) == "—"
    assert [str(figure(one, "歩", None)) for one in (6000.0, 0.5, 1 / 3)] == ["6,000 歩", "0.5 歩", "0.33 歩"]


def test_the_language_switch_keeps_the_rest_of_the_address() -> None:
    assert Shell({"ja": "町"}, NOW, "/data", {"q": "川"}).with_query(lang="en") == "/data?q=%E5%B7%9D&lang=en"


def test_a_town_without_an_english_name_is_called_by_its_japanese_one() -> None:
    assert town_name({"ja": "瀬音町"}, "en") == "瀬音町"


def test_a_file_is_kept_for_ever_only_under_its_right_hash() -> None:
    digest = asset("css/ground.css").digest
    assert asset_address("css/ground.css") == f"/static/css/ground.css?v={digest}"
    assert "immutable" in cache_rule("css/ground.css", digest)
    assert cache_rule("css/ground.css", "old") == "no-cache"


@pytest.mark.parametrize("path", ["../page.py", "css/../../page.py", "", "/etc/passwd", "css", "nothing.css", "a\\b"])
def test_nothing_outside_the_static_folder_is_given_away(path: str) -> None:
    with pytest.raises(NotFound):
        asset(path)


def test_the_policy_lets_no_inline_code_and_no_stranger_in() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, 1.4.3)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes() -> dict[str, dict[str, str]]:
    """The colours by name, of the light and of the dark theme."""
    blocks = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
    ]
    return {"light": blocks[0], "dark": {**blocks[0], **blocks[1]}}


TEXT_PAIRS = [
    ("ink", "paper"), ("ink", "card"), ("ink", "wash"), ("soft", "paper"), ("soft", "card"), ("soft", "wash"),
    ("river", "paper"), ("river", "card"), ("river-deep", "river-wash"), ("ink", "river-wash"), ("on-river", "river"),
    ("l0-on", "l0"), ("l2-on", "l2"), ("l3-on", "l3"), ("l4-on", "l4"), ("l5-on", "l5"), ("ln-on", "ln"),
    ("ribbon-ink", "ribbon"), ("bad", "card"), ("good", "card"), ("soft", "river-wash"),
    ("l2-ink", "card"), ("l3-ink", "card"), ("l4-ink", "card"), ("l5-ink", "card"),
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_stands_out_from_its_ground(theme: str, text: str, ground: str) -> None:
    colours = palettes()[theme]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("edge", ["edge-strong", "river"])
def test_edges_of_fields_and_focus_stand_out(theme: str, edge: str) -> None:
    colours = palettes()[theme]
    assert contrast(colours[edge], colours["card"]) >= 3
    assert contrast(colours[edge], colours["paper"]) >= 3


@pytest.mark.parametrize("language", ["ja", "en", "easy"])
def test_who_is_signed_in_can_sign_out_on_every_page(language: Language) -> None:
    view = {"kind": "404", "code": 404, "detail": "", "level": "", "back": "/", "before": "", "written": []}
    view |= {"told": "", "facts": {}}
    pages = {
        signed_in: render(
            "machinami.kit/error.html",
            language,
            shell=Shell({"ja": "町"}, NOW, form_token="ab" * 16, signed_in=signed_in),
            **view,
        ).decode()
        for signed_in in (True, False)
    }
    header = pages[True].partition("<header")[2].partition("</header>")[0]
    assert 'action="/sign-out"' in header
    assert f'name="form_token" value="{"ab" * 16}"' in header
    assert "/sign-out" not in pages[False]


def test_every_page_has_the_frame_in_which_signing_out_stands() -> None:
    templates = list((files("machinami") / ".").rglob("templates/*.html"))  # type: ignore[attr-defined]
    pages = [one for one in templates if "{% block content %}" in one.read_text("utf-8") and one.name != "base.html"]
    assert len(pages) > 15
    assert [
        one for one in pages if not one.read_text("utf-8").startswith('{% extends "machinami.kit/base.html" %}')
    ] == []
