"""What is worth remembering of what strangers ask? Short questions; a long one is answered anew each time."""

from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

LONGEST = 512  # letters and bytes


def remembered(entries: int) -> Callable[[Callable[Asked, Answer]], Callable[Asked, Answer]]:
    """Keep the answers to the latest questions, so many of them, by what they depend on.

    A cache of so many entries is bounded in bytes only if each of them is: texts that are together longer than LONGEST
    are not kept.
    """

    def remembering(function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        kept = lru_cache(entries)(function)

        @wraps(function)
        def ask(*asked: Asked.args, **named: Asked.kwargs) -> Answer:
            if _length(asked) > LONGEST:
                return function(*asked, **named)
            return kept(*asked, **named)  # type: ignore[arg-type]  # whatever is asked here is hashable

        return ask

    return remembering


def _length(asked: Iterable[object]) -> int:
    """How long the texts are, those in tuples too."""
    length = 0
    for one in asked:
        if type(one) is str or type(one) is bytes:
            length += len(one)
        elif type(one) is tuple:
            length += _length(one)
    return length
