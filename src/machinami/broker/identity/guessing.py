"""How soon would a password be guessed? By what people choose most, and by the passwords that leaked.

Passwords of 12 characters and more are nearly always put together: of the most used passwords and words, names, years,
rows of keys, with the usual changes. zxcvbn knows 30,000 passwords and 60,000 words and names by how often they are
used, and finds the cheapest way to put a password together of them.
"""

from functools import cache
from hashlib import sha1
from importlib import import_module
from pathlib import Path
from typing import Any

ENOUGH = 10**10  # guesses: what zxcvbn calls "very unguessable", safe even for who has the hash
_LOOKED_AT = 32  # letters: what begins so is at least as hard to guess, and looking at more takes long
_DIGITS = 40  # of a SHA-1 digest in hexadecimal


def is_guessable(password: str, *near: str) -> bool:
    """Whether who guesses cleverly needs few guesses. near: words that are near at hand."""
    return bool(_estimate()(password[:_LOOKED_AT], user_inputs=list(near))["guesses"] < ENOUGH)


def has_leaked(leaked: Path, password: str) -> bool:
    """Whether a password is among those of a file, which holds a line `SHA-1[:count]` for each in the order of the
    digests, in hexadecimal, as Have I Been Pwned gives it away. The file may be of any size: it is searched by halves.

    Raises OSError where it cannot be read.
    """
    wanted = sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with leaked.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:  # a line that begins at low or after it, and before high, may be the one
            middle = (low + high) // 2
            file.seek(middle)
            if middle:
                file.seek(middle - 1)
                file.readline()
            start, line = file.tell(), file.readline()
            if not line or line[:_DIGITS].upper() >= wanted:
                if line[:_DIGITS].upper() == wanted:
                    return True
                high = middle
            else:
                low = start + len(line)
    return False


@cache
def _estimate() -> Any:
    """zxcvbn, at the first need: its lists take 14 MB and 50 ms, and towns run for weeks without a new password."""
    return import_module("zxcvbn").zxcvbn
