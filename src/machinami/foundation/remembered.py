"""What is worth remembering of what strangers ask? Short questions; a long one is answered anew each time."""

from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

LONGEST = 512  # letters and bytes


def remembered(entries: int) -> Callable[[Callable[Asked, Answer]], Callable[Asked, Answer]]:
    """Keep the answers to the latest questions, so many of them, by what they depend on.

    A cache of so many entries is bounded in bytes only if each of them is: texts that are together longer than LONGEST
    are not kept.
    """

    def remembering(function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        @lru_cache(entries)
        def kept(*asked: Asked.args, **named: Asked.kwargs) -> Answer:
            answer = function(*asked, **named)
            if _length(asked) > LONGEST:
                raise _TooLong(answer)
            return answer

        @wraps(function)
        def ask(*asked: Asked.args, **named: Asked.kwargs) -> Answer:
            try:
                return kept(*asked, **named)  # type: ignore[arg-type]  # whatever is asked here is hashable
            except _TooLong as long:
                answer: Answer = long.answer
                return answer

        return ask

    return remembering


class _TooLong(Exception):
    """An answer to a question that is not to be kept: who is told of an error keeps nothing."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


def _length(asked: Iterable[object]) -> int:
    """How long the texts are, those in tuples too."""
    length = 0
    for one in asked:
        if type(one) is str or type(one) is bytes:
            length += len(one)
        elif type(one) is tuple:
            length += _length(one)
    return length
