"""The catalogues of texts: they agree, they inflect, they escape."""

import pytest

from machinami.kit.words import (
    LANGUAGES,
    UnknownWord,
    Words,
    catalogue,
    choose_language,
    differences,
    flatten,
    placeholders,
)

PACKAGES = (
    "machinami.kit", "machinami.portal", "machinami.services.flood", "machinami.services.needs",
    "machinami.services.plan", "machinami.apis.ethics",
)  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES)
def test_the_three_languages_have_the_same_texts_with_the_same_placeholders(package: str) -> None:
    assert catalogue(package, "ja")
    assert differences(package) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_can_be_said_with_its_placeholders(package: str) -> None:
    for language in LANGUAGES:
        words = Words(language, package)
        for key, text in catalogue(package, language).items():
            said = words.plain(key, **dict.fromkeys(placeholders(text), 2))
            assert said
            assert not {"{", "}", "|"} & set(said), f"{language} {key}: {said}"


def test_english_counts_in_singular_and_plural() -> None:
    words = Words("en")
    assert words.plain("time.minutes_ago", count=1) == "1 minute ago"
    assert words.plain("time.minutes_ago", count=2) == "2 minutes ago"


def test_easy_japanese_shows_how_to_read_and_plain_text_does_not() -> None:
    words = Words("easy")
    assert "<ruby>地図<rp>（</rp><rt>ちず</rt><rp>）</rp></ruby>" in words.rich("nav.map")
    assert words.plain("nav.map") == "地図"


def test_a_value_in_a_text_is_escaped() -> None:
    assert "&lt;b&gt;" in Words("ja").rich("notice.by", who="<b>")


def test_a_package_falls_back_on_the_words_of_the_kit() -> None:
    assert Words("ja", "machinami.portal").plain("nav.map") == "地図"
    assert Words("ja", "machinami.services").plain("nav.map") == "地図"


def test_a_text_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownWord, match=r"home\.nothing"):
        Words("ja").plain("home.nothing")


@pytest.mark.parametrize(
    ("asked", "remembered", "chosen"),
    [("en", "easy", "en"), (None, "easy", "easy"), ("xx", None, "ja"), (None, None, "ja"), ("xx", "en", "en")],
)
def test_the_address_is_heard_before_the_cookie(asked: str | None, remembered: str | None, chosen: str) -> None:
    assert choose_language(asked, remembered) == chosen


def test_a_table_of_one_and_other_is_one_text() -> None:
    assert flatten({"a": {"b": {"one": "x", "other": "y"}, "c": "z"}}) == {
        "a.b": {"one": "x", "other": "y"},
        "a.c": "z",
    }
