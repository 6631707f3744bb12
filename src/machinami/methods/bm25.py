"""Which texts answer a question, and by which of its words? BM25 over runs of letters, with what matched.

Words in Latin letters and numbers are taken whole; in scripts without spaces, pairs of letters and letters that stand
alone in their script stand for words, so that Japanese needs no dictionary. Robertson & Zaragoza 2009,
doi:10.1561/1500000019.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from machinami.methods.likeness import folded

K1, B = 1.2, 0.75
RUN = 2
_PIECES = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_HIRAGANA = re.compile("[ぁ-ゖー]")
_PARTICLES = "がをにでのとはもへやか"
_EMPTY = frozenset("the and for our are not with that who how can this from have".split())
Part = tuple[str, int]
"""A part of a text, and how many times what stands in it counts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that answers: its number, how well, and which runs of the question stand in it, in their order."""

    number: int
    score: float
    matched: tuple[str, ...]


def rank(question: str, texts: Sequence[Sequence[Part]]) -> list[Hit]:
    """The texts in which something of the question stands, the best first, equal ones in their own order."""
    asked = terms(question)
    kana = {term for term in asked if _is_hiragana(term)}
    counted = [_counted(parts, kana) for parts in texts]
    lengths = [sum(found.values()) for found in counted]
    usual = sum(lengths) / len(lengths) if any(lengths) else 1.0
    rarity = {term: _rarity(sum(term in found for found in counted), len(counted)) for term in asked}
    hits = []
    for number, (found, length) in enumerate(zip(counted, lengths, strict=True)):
        damped = K1 * (1 - B + B * length / usual)
        score = sum(rarity[t] * found[t] * (K1 + 1) / (found[t] + damped) for t in sorted(asked) if t in found)
        why = matched(question, [text for text, _ in texts[number]]) if score > 0 else ()
        if why:
            hits.append(Hit(number, score, why))
    return sorted(hits, key=lambda hit: (-hit.score, hit.number))


def terms(text: str) -> set[str]:
    """The runs of letters by which is searched: pairs of letters, letters that stand alone in their script, and whole
    words in Latin letters. Pairs of hiragana alone, or with a particle, are left out: they stand everywhere; but a word
    that is hiragana from end to end is searched as it is."""
    found: set[str] = set()
    for word in _words(text):
        if word.isascii() or (_is_hiragana(word) and word.strip(_PARTICLES) == word and len(word) >= RUN):
            found.add(word)
        else:
            found |= {run for run in _runs(word) if len(run) == RUN or _alone(run, word)}
    return found


def matched(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The longest runs of the question that stand in the texts, each once, in the order in which they were typed."""
    told = [word for text in texts for word in _words(text)]
    whole, asked = set(told), terms(question)
    runs: list[str] = []
    for word in _words(question):
        if word.isascii():
            runs += [word] if word in whole else []
            continue
        at = 0
        while at < len(word):
            ends = (end for end in range(len(word), at, -1) if any(word[at:end] in other for other in told))
            run = word[at : next(ends, at + 1)]
            at += len(run)
            kept = run.strip(_PARTICLES)
            if any(term in kept for term in asked) and any(kept in other for other in told):
                runs.append(kept)
    return tuple(dict.fromkeys(runs))


def _is_hiragana(word: str) -> bool:
    return all(_HIRAGANA.match(letter) for letter in word)


def _runs(word: str) -> list[str]:
    """The pairs and single letters of a word that can tell two cases apart."""
    pairs = [word[at : at + RUN] for at in range(len(word) - RUN + 1)]
    kept = [pair for pair in pairs if _tells(pair)]
    return [*kept, *(letter for letter in word if not _HIRAGANA.match(letter))]


def _tells(pair: str) -> bool:
    hiragana = [bool(_HIRAGANA.match(letter)) for letter in pair]
    return not all(hiragana) and not any(letter in _PARTICLES for letter in pair)


def _alone(letter: str, word: str) -> bool:
    """Whether a letter stands in a word without another of its script beside it."""
    at = word.index(letter)
    beside = word[max(0, at - 1) : at] + word[at + 1 : at + 2]
    return all(_HIRAGANA.match(other) for other in beside)


def _counted(parts: Sequence[Part], whole: set[str]) -> Counter[str]:
    """How often each run, and each word of `whole`, stands in a text, by the weight of where it stands."""
    counted: Counter[str] = Counter()
    for text, weight in parts:
        for word in _words(text):
            for kana in whole:
                if kana in word:
                    counted[kana] += weight
            for run in [word] if word.isascii() else _runs(word):
                counted[run] += weight
    return counted


def _rarity(holding: int, texts: int) -> float:
    return log(1 + (texts - holding + 0.5) / (holding + 0.5))


def _words(text: str) -> list[str]:
    """The words of a text as they are compared: parted where a space, a mark or Latin letters part them; of Latin ones
    those of three letters and more, without a plural's s."""
    words = []
    for piece in "".join(letter if letter.isalnum() or letter == "ー" else " " for letter in text).split():
        for word in _PIECES.findall(folded(piece)):
            plain = word.removesuffix("s") if word.isascii() and len(word) > 3 else word
            if not plain.isascii() or (len(plain) > 2 and plain not in _EMPTY):
                words.append(plain)
    return words
