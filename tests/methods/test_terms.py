"""Are the names of a glossary found in short texts, whatever kana, endings and slips they are written with?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.terms import compiled, named

TERMS = compiled({
    "things": {
        "roof": ["屋根が", "roof"], "root": ["根が", "root"], "lamp": ["ライト", "street light", "streetlight"],
        "light": ["light"], "wasp": ["ハチ", "wasp", "bee"], "boar": ["boar", "猪"], "fridge": ["refrigerator"],
    },
    "faults": {"out": ["lights out", "消えて"]},
    "passing": {"none": ["根が気持ち"]},
})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("根が歩道を持ち上げる", {"root"}),
        ("屋根が落ちそう", {"roof"}),  # the longer word counts
        ("根が気持ち悪い", set()),  # a word in passing names nothing
        ("らいと が つかない", {"lamp"}),  # katakana as hiragana
        ("はちの す", {"wasp"}),
        ("Street Lights are dark", {"lamp"}),
        ("The board has been moved", set()),  # neither a boar nor a bee
        ("two boars and some bees", {"boar", "wasp"}),
        ("an old refridgerator", {"fridge"}),  # one letter too many
        ("an old refrigeartor", {"fridge"}),  # two swapped
        ("", set()),
    ],
)
def test_words_are_found_as_people_write_them(text: str, things: set[str]) -> None:
    assert named(text, TERMS)["things"] == things


def test_a_fault_does_not_hide_the_thing_in_its_words() -> None:
    found = named("lights out", TERMS)
    assert (found["things"], found["faults"]) == ({"light"}, {"out"})


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert named(text, TERMS).keys() == {"things", "faults", "passing"}


@given(st.sampled_from(["猪", "ハチ", "ライト"]), st.text(alphabet="、。 abc"))
def test_a_japanese_word_is_found_wherever_it_stands(word: str, around: str) -> None:
    assert named(f"{around}{word}{around}", TERMS)["things"] >= named(word, TERMS)["things"]
