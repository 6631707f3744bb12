"""Is this regular expression one that can be run on any text without hanging?"""

import re
from functools import lru_cache

from machinami.foundation.errors import BadRequestData

MAX_LENGTH = 256


@lru_cache(maxsize=512)
def compile_pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern; it is searched for anywhere in a text unless it is anchored."""
    if len(text) > MAX_LENGTH:
        raise BadRequestData(f"A pattern may have {MAX_LENGTH} characters at most", length=len(text))
    try:
        return re.compile(text)
    except re.error as error:
        raise BadRequestData(f"{text!r} is no regular expression: {error}", position=error.pos) from error
