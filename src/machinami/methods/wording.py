"""Of what two short texts are about, how much do they share that others about the same place do not say as well?

No words have to be found by a dictionary, and no model from elsewhere is asked. What carries the meaning in short
Japanese reports is written in kanji and katakana; hiragana ties it together, as the commonest words do in English. So a
text is taken apart into single kanji and pairs of them, pairs of katakana, runs of three hiragana, and the beginnings
of English words, each with a weight. Two things make a mark count less: many texts of the town have it (inverse
document frequency, Spärck Jones 1972), and most texts about this very place have it: then it names the place.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from math import log, sqrt

Marks = frozenset[str]
KANJI, KATAKANA, HIRAGANA, LATIN = 1.0, 0.7, 0.4, 1.6
STEM = 5
_RUNS = re.compile(r"[a-z0-9']+|[゠-ヿ]+|[一-鿿々]+|[ぁ-ゖ]+")
_COMMON = frozenset(
    "the a an and or is are was were be been of on in at by to for from with without it its this that there here my we"
    " our you your they he she has have had not no so very all any every some one two three still again keep keeps get"
    " gets got do does doesn can up down out off over under into onto when while since who what next near".split()
)


def marks(text: str) -> Marks:
    """What a text is about, in pieces; each begins with the sort of its letters."""
    found: set[str] = set()
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run[0].isascii():
            word = run.partition("'")[0]
            if len(word) > 1 and word not in _COMMON:
                found.add("w" + word[:STEM])
        elif "ぁ" <= run[0] <= "ゖ":
            found.update("h" + run[at : at + 3] for at in range(len(run) - 2))
        elif "゠" <= run[0] <= "ヿ":
            found.update("t" + run[at : at + 2] for at in range(len(run) - 1))
        else:
            found.update("k" + letter for letter in run)
            found.update("k" + run[at : at + 2] for at in range(len(run) - 1))
    return frozenset(found)


def is_japanese(text: str) -> bool:
    """Whether a text has a letter that only Japanese has."""
    return any("ぁ" <= letter <= "ヿ" or "一" <= letter <= "鿿" for letter in text)


def shared(one: Marks, others: Sequence[Marks], around: Sequence[Marks], town: Collection[Marks]) -> list[float]:
    """For each of others how much of what it is about is what one is about too: from 0 to 1.

    around: what is said about the same place, one and others among it; town: what is said anywhere.
    """
    rare = Counter(mark for text in town for mark in text)
    near = Counter(mark for text in around for mark in text)

    def mass(text: Iterable[str]) -> float:
        return sum(_SORTS[mark[0]] * (1 + log((1 + len(town)) / (1 + rare[mark]))) for mark in text)

    def tells(mark: str) -> float:
        """1 for what only two say about this place, little for what all of them say."""
        return max(0.0, log((1 + len(around)) / near[mark]) / log((1 + len(around)) / 2)) if len(around) > 2 else 1.0

    whole, found = mass(one), []
    for other in others:
        common = sum(mass((mark,)) * tells(mark) for mark in one & other)
        found.append(min(1.0, common / sqrt(whole * mass(other))) if common else 0.0)
    return found


_SORTS = {"k": KANJI, "t": KATAKANA, "h": HIRAGANA, "w": LATIN}
