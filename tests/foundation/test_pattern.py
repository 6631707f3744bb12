"""What does a regular expression from outside mean, and does it always come to an end?"""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.automaton import Automaton
from machinami.foundation.errors import BadRequestData
from machinami.foundation.pattern import MAX_LENGTH, _Reader, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("b", "abc", True),
        ("^b", "abc", False),
        ("c$", "abc", True),
        ("c$", "abc\n", False),
        ("^$", "", True),
        ("^$", "a", False),
        ("a.c", "a\nc", True),
        (".*downtown$", "urn:x:downtown", True),
        (".*downtown$", "urn:x:downtown2", False),
        ("^.*a.*b.*$", "xxaxxbxx", True),
        ("(?i)EIFFEL", "the Eiffel tower", True),
        ("a{2,3}$", "aa", True),
        ("^a{2,3}$", "aaaa", False),
        ("^a{3}$", "aaa", True),
        ("^a{2,}$", "aaaaa", True),
        ("^a{,1}$", "", True),
        ("a{x}", "a{x}", True),
        ("^(ab|c)+$", "abcab", True),
        ("^(?:ab|c)*?$", "abca", False),
        ("[[:digit:]]{2}", "a42", True),
        ("[^[:alpha:]]", "abc", False),
        ("^[]a]+$", "]a]", True),
        ("^[a\\]]+$", "]a", True),
        ("^[a&|~[-]+$", "&&||~~[[-", True),
        (r"^\d+\.\d$", "12.5", True),
        (r"^\w+$", "街並み", True),
        ("河川|川", "淀川", True),
        ("x*", "", True),
        ("(a|b|)c", "c", True),
    ],
)
def test_a_pattern_means_what_it_means_elsewhere(pattern: str, text: str, expected: bool) -> None:
    assert compile_pattern(pattern).finds(text) is expected
    reader = _Reader(pattern)
    assert Automaton(reader.whole(), reader.flags).finds(text) is expected


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("(a", 1),
        ("a)", 2),
        ("[a", 1),
        ("[z-a]", 1),
        ("*a", 1),
        ("a**", 3),
        ("a*+", 3),
        ("a{3,2}", 2),
        ("a{2000}", 2),
        ("(?=a)", 1),
        ("(?<n>a)", 1),
        (r"(a)\1", 4),
        (r"\bword", 1),
        ("a\\", 2),
        ("[[:nothing:]]", 4),
        ("[a--b]", 3),
        ("(" * 30 + "a" + ")" * 30, 21),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(pattern: str, position: int) -> None:
    with pytest.raises(BadRequestData) as caught:
        compile_pattern(pattern)
    assert caught.value.facts["position"] == position


def test_a_pattern_that_is_too_long_is_refused() -> None:
    for pattern in ("a" * (MAX_LENGTH + 1), "(a{100}){100}", "((a{30}){30}){30}"):
        with pytest.raises(BadRequestData):
            compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*b", "(a|aa)+$", "a*a*a*a*a*a*b", "(a?){100}a{100}b", "(.*a){12}b", "(a|a)" * 30 + "b", "a*b"],
)
def test_no_pattern_can_make_it_hang(pattern: str) -> None:
    started = time.process_time()
    assert not compile_pattern(pattern).finds("a" * 5_000 + "!")
    assert time.process_time() - started < 5


_atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "^", "$", "\\w", "c"])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = inner.map(lambda text: f"({text})")
    repeated = st.tuples(group, st.sampled_from(["*", "+", "?", "{0,2}", "{2}", "*?"])).map("".join)
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("|".join).map(lambda text: f"({text})"),
        repeated,
    )


@given(st.recursive(_atoms, _grow, max_leaves=8), st.lists(st.text("abc", max_size=6), max_size=8))
def test_both_ways_of_running_agree_with_the_standard_library(pattern: str, texts: list[str]) -> None:
    made = compile_pattern(pattern)
    reader = _Reader(pattern)
    automaton = Automaton(reader.whole(), reader.flags)
    expected = re.compile(pattern.replace("$", r"\Z"), re.DOTALL)
    for text in texts:
        found = expected.search(text) is not None
        assert made.finds(text) is found
        assert automaton.finds(text) is found


@given(st.text(alphabet="ab[]()|*+?{}0,2^$\\.-:i") | st.text())
def test_any_text_is_a_pattern_or_refused_as_bad_data(text: str) -> None:
    try:
        made = compile_pattern(text)
    except BadRequestData as error:
        detail = error.detail
    else:
        detail = str(made.finds("ab"))
    assert detail
