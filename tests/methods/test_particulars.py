"""Are numbers, floors and sides read from short texts, and amounts left out?"""

import pytest

from machinami.methods.particulars import mended_before, particulars, told_apart


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("南12の街灯", "南１２番が消えた", 1.0),
        ("lamp A-104", "Ａ104 is out", 1.0),
        ("南12の街灯", "南13の街灯", -1.0),
        ("三丁目の水道", "2丁目の水道", -1.0),
        ("2階のトイレ", "1Fのトイレ", -1.0),
        ("second floor toilet", "2階のトイレ", 0.0),
        ("左側のガードレール", "右側のガードレール", -1.0),
        ("男子トイレ", "women's toilet", -1.0),
        ("3日前から30センチの穴", "5日前から20cmの穴", 0.0),  # amounts tell nothing
        ("2台の自転車", "3台の自転車", 0.0),
        ("穴があります", "南12の街灯", 0.0),
        ("左右を見て", "左側", 0.0),  # both sides are none
    ],
)
def test_like_things_are_told_apart(one: str, other: str, expected: float) -> None:
    assert told_apart(particulars(one), particulars(other)) == expected


@pytest.mark.parametrize("text", ["直してもらった所がまた", "工事のあとの段差", "it was fixed last month"])
def test_what_was_mended_before_is_heard(text: str) -> None:
    assert mended_before(text)


@pytest.mark.parametrize("text", ["直してください", "please fix it", "工事中です"])
def test_a_wish_to_have_it_mended_is_none(text: str) -> None:
    assert not mended_before(text)
