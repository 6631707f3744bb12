"""Short questions are remembered, long ones are not kept."""

import pytest

from machinami.foundation.remembered import LONGEST, remembered


def _counting() -> tuple[list[object], object]:
    asked: list[object] = []

    @remembered(8)
    def answer(*questions: object) -> int:
        asked.append(questions)
        return len(asked)

    return asked, answer


@pytest.mark.parametrize("questions", [("a",), (b"a", None), (1, ("a", None)), ("a" * LONGEST,)])
def test_a_short_question_is_answered_once(questions: tuple[object, ...]) -> None:
    asked, answer = _counting()
    assert answer(*questions) == answer(*questions) == 1  # type: ignore[operator]
    assert len(asked) == 1


@pytest.mark.parametrize("questions", [("a" * LONGEST, b"b"), (1, ("a" * LONGEST, "b")), (b"a" * (LONGEST + 1),)])
def test_a_long_question_is_answered_anew(questions: tuple[object, ...]) -> None:
    asked, answer = _counting()
    assert [answer(*questions), answer(*questions)] == [1, 2]  # type: ignore[operator]
    assert len(asked) == 2
