"""Is a unit shown as people write it?"""

from pathlib import Path

import pytest

from machinami.foundation.units import UNITS, unit_of
from machinami.kit.installed import read_manifest
from machinami.kit.units import SYMBOLS, change_text, symbol, unit_choices, unit_code, unit_text
from machinami.kit.words import LANGUAGES, Words


@pytest.mark.parametrize("code", sorted({unit.code for unit in UNITS}))
def test_every_unit_that_can_be_brought_in_can_be_shown(code: str) -> None:
    assert code in SYMBOLS
    assert not symbol(code) or unit_of(symbol(code)) is unit_of(code)


def test_a_code_that_nobody_knows_is_shown_as_it_is_and_none_as_nothing() -> None:
    assert (symbol("XYZ"), symbol(None)) == ("XYZ", "")


@pytest.mark.parametrize(
    ("typed", "japanese", "english"),
    [
        ("P1", "%", "%"), ("％", "%", "%"), ("分", "分", "minutes"), ("minutes", "分", "minutes"), ("MTR", "m", "m"),
        ("IE", "人", "people"), ("C62", "件", "cases"), ("C62:work", "件", "works"), ("歩", "歩", "steps"),
        ("円/人・年", "円／人・年", "yen per person-year"), ("ほうき", "ほうき", "ほうき"), (None, "", ""),
    ],
)  # fmt: skip
def test_a_unit_is_said_in_the_readers_language(typed: str | None, japanese: str, english: str) -> None:
    assert (unit_text(typed, Words("ja")), unit_text(typed, Words("en"))) == (japanese, english)


def test_every_unit_that_has_words_is_found_by_them() -> None:
    english = dict(unit_choices(Words("en")))
    for language in LANGUAGES:
        for code, word in unit_choices(Words(language)):
            assert unit_text(unit_code(word), Words(language)) == word
            assert unit_text(unit_code(word, english[code]), Words("en")) == english[code]


def test_every_unit_by_which_a_service_is_judged_has_words_in_both_languages() -> None:
    for package in sorted(Path("src/machinami/services").glob("*/manifest.toml")):
        for kpi in read_manifest(f"machinami.services.{package.parent.name}").kpis:
            if kpi.unit is not None:
                code = unit_code(kpi.unit.ja, kpi.unit.en)
                assert (unit_text(code, Words("ja")), unit_text(code, Words("en"))) == (kpi.unit.ja, kpi.unit.en)


def test_a_change_has_its_sign_and_one_of_shares_is_of_points() -> None:
    words = Words("ja")
    assert change_text(4.8512, "P1", words) == "+4.85 ポイント"
    assert change_text(-1_234.5, "人", words) == "−1,230 人"
    assert change_text(0.0004, "件", words) == "0 件"
    assert change_text(None, "件", words) == "— 件"
