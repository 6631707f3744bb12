"""A question finds the texts that answer it, and says by which of its words."""

from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.bm25 import rank, terms

SEEDS = [
    [("オンデマンド交通", 3), ("AIが乗合バスの経路を決め、病院や買い物への足になる", 1)],
    [("見守りカメラ", 3), ("通学路の子どもを見守る", 1)],
    [("除雪の最適化", 3), ("GPSで除雪車の位置を集める", 1)],
]


def test_the_text_that_answers_comes_first_and_shows_why() -> None:
    best, *_ = rank("病院へ行くバスがない", SEEDS)
    assert best.number == 0
    assert best.matched == ("病院", "バス")


def test_words_in_latin_letters_are_taken_whole_and_width_does_not_matter() -> None:
    (hit,) = rank("ＧＰＳを使いたい", SEEDS)
    assert (hit.number, hit.matched) == (2, ("gps",))
    assert rank("gp", SEEDS) == []


def test_what_stands_in_a_heading_counts_more() -> None:
    texts = [[("除雪", 1)], [("除雪", 3)]]
    assert [hit.number for hit in rank("除雪", [*texts, [("道路の維持", 1)]])] == [1, 0]


def test_hiragana_alone_finds_nothing_by_chance() -> None:
    assert terms("がのにを") == set()
    assert rank("こどもがいる", SEEDS) == []


def test_a_word_in_hiragana_alone_is_searched_as_it_is() -> None:
    assert [hit.number for hit in rank("ごみ", [[("ごみの収集", 1)], [("道ばたのごま", 1)]])] == [0]


def test_a_letter_that_stands_alone_in_its_script_is_a_word() -> None:
    assert [hit.matched for hit in rank("川があふれる", [[("中小河川の水位", 1)], [("道路", 1)]])] == [("川",)]


def test_small_words_of_english_match_nothing() -> None:
    assert terms("no to it the") == set()


def test_nothing_asked_and_nothing_there_are_no_error() -> None:
    assert rank("", SEEDS) == []
    assert rank("バス", []) == []
    assert rank("バス", [[]]) == []


@given(st.text(max_size=30), st.lists(st.text(max_size=40), max_size=6))
def test_every_hit_has_a_score_and_something_that_matched(question: str, said: list[str]) -> None:
    for hit in rank(question, [[(text, 1)] for text in said]):
        assert hit.score > 0
        assert hit.matched


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6))
def test_a_text_is_found_by_its_own_words(said: list[str]) -> None:
    for number, text in enumerate(said):
        if terms(text):
            assert number in [hit.number for hit in rank(text, [[(one, 1)] for one in said])]
