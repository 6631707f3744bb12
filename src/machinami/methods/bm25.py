"""Which texts answer a question, and by which of its words? BM25 over words and runs of letters, with what matched.

Words in Latin letters and numbers are taken whole; in scripts without spaces, pairs of letters stand for words, so
that Japanese needs no dictionary; pairs of hiragana alone are left out, as they stand everywhere. Robertson & Zaragoza
2009, doi:10.1561/1500000019.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from machinami.methods.likeness import folded

K1, B = 1.2, 0.75
_PIECES = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_HIRAGANA = re.compile(r"[ぁ-ゖー]+")
Part = tuple[str, int]
"""A part of a text, and how many times what stands in it counts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that answers: its number, how well, and which runs of the question stand in it, in their order."""

    number: int
    score: float
    matched: tuple[str, ...]


def rank(question: str, texts: Sequence[Sequence[Part]]) -> list[Hit]:
    """The texts that hold a term of the question, the best first, equal ones in their own order."""
    counted = [_counted(parts) for parts in texts]
    asked = set(terms(question))
    lengths = [sum(found.values()) for found in counted]
    usual = sum(lengths) / len(lengths) if any(lengths) else 1.0
    rarity = {term: _rarity(sum(term in found for found in counted), len(counted)) for term in asked}
    hits = []
    for number, (found, length) in enumerate(zip(counted, lengths, strict=True)):
        damped = K1 * (1 - B + B * length / usual)
        score = sum(rarity[t] * found[t] * (K1 + 1) / (found[t] + damped) for t in asked if t in found)
        if score > 0:
            hits.append(Hit(number, score, matched(question, [text for text, _ in texts[number]])))
    return sorted(hits, key=lambda hit: (-hit.score, hit.number))


def terms(text: str) -> list[str]:
    """The words and pairs of letters of a text, in order."""
    found: list[str] = []
    for word in _words(text):
        if word.isascii() or len(word) == 1:
            found.append(word)
        else:
            pairs = (word[at : at + 2] for at in range(len(word) - 1))
            found += [pair for pair in pairs if not _HIRAGANA.fullmatch(pair)]
    return found


def matched(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The longest runs of the question's words that stand in the texts, each once, in the question's order."""
    told = [word for text in texts for word in _words(text)]
    whole = set(told)
    found: list[str] = []
    for word in _words(question):
        if word.isascii():
            found += [word] if word in whole else []
            continue
        at = 0
        while at < len(word):
            end = len(word)
            while end > at and not any(word[at:end] in other for other in told):
                end -= 1
            run = word[at:end]
            kept = terms(run) and (len(run) > 1 or len(word) == 1)
            found += [run] if kept else []
            at = end if kept else at + 1
    return tuple(dict.fromkeys(found))


def _words(text: str) -> list[str]:
    spaced = "".join(letter if letter.isalnum() or letter == "ー" else " " for letter in text)
    return [word for piece in spaced.split() for word in _PIECES.findall(folded(piece))]


def _counted(parts: Sequence[Part]) -> Counter[str]:
    found: Counter[str] = Counter()
    for text, weight in parts:
        for term in terms(text):
            found[term] += weight
    return found


def _rarity(holding: int, texts: int) -> float:
    return log(1 + (texts - holding + 0.5) / (holding + 0.5))
