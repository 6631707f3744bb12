"""Texts share what they are about, and not the words that every text about a place has."""

from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.wording import is_japanese, marks, shared

TEXTS = st.lists(st.text(st.sampled_from("橋の穴が開いて危ないベンチab lamp"), max_size=20), min_size=1, max_size=8)


def test_a_text_is_taken_apart_by_the_sort_of_its_letters() -> None:
    assert marks("街灯") == {"k街", "k灯", "k街灯"}
    assert marks("ベンチ") == {"tベン", "tンチ"}
    assert marks("The lamps are broken") == {"wlamps", "wbroke"}
    assert marks("ｔｈｅ Ｌamp's") == {"wlamp"}
    assert marks("が、の！") == frozenset()


def test_what_everybody_says_about_a_place_tells_little() -> None:
    place = [marks(text) for text in ("公民館 時計", "公民館 時計が遅れる", "公民館 屋根", "公民館 床", "公民館 窓")]
    same, roof, *_ = shared(place[0], place[1:], place, place)
    assert same > 0.3
    assert roof < same / 4


@given(TEXTS)
def test_how_much_is_shared_lies_between_none_and_all_and_is_the_same_both_ways(texts: list[str]) -> None:
    told = [marks(text) for text in texts]
    found = shared(told[0], told, told, told)
    assert all(0 <= one <= 1 for one in found)
    back = [shared(one, [told[0]], told, told)[0] for one in told]
    assert all(abs(one - other) < 1e-9 for one, other in zip(found, back, strict=True))


def test_two_texts_alone_are_alike_as_far_as_they_agree() -> None:
    one = marks("街灯")
    assert shared(one, [one], [one, one], [one]) == [1.0]
    assert shared(one, [marks("穴")], [one, marks("穴")], [one]) == [0.0]


def test_a_language_is_told_by_its_letters() -> None:
    assert is_japanese("A hole 穴")
    assert not is_japanese("A hole")
