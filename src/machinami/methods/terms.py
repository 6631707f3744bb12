"""Which names of a glossary stand in a short text, in Japanese and English, with slips of the finger?

Japanese words are looked for wherever they stand, katakana read as hiragana and blanks left out, since nothing parts
words there; English ones as whole words with their usual endings, and with one letter too many, too few, wrong or
swapped in words long enough to be told by that (as by deletions: Garbe 2012). Of words that lie in each other the
longest counts (maximal munch), so that a roof (やねが) names no root (ねが) and a bus stop nothing that stops.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Glossary = Mapping[str, Mapping[str, Sequence[str]]]
"""By kind (things, faults), each name's words."""
Names = frozenset[tuple[str, str]]
PASSING = "passing"
"""The kind of words that name nothing, though one that does may lie in them."""
LONG_ENOUGH = 7
"""Letters from which on a word is known with one of them wrong."""
_SHORT = frozenset(("", "s", "es", "'s"))
_ENDINGS = _SHORT | {"ed", "ing", "er", "ers", "en", "y", "ly"}
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A glossary ready to be looked for. letters: Japanese words by their first letter; phrases: English ones by how
    they begin; slips: long English words by what is left of them without one letter."""

    kinds: tuple[str, ...]
    letters: Mapping[str, Sequence[tuple[str, Names]]]
    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], Names]]]
    slips: Mapping[str, str]


def plain(text: str) -> str:
    """The text in one width and case, katakana as hiragana."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_HIRAGANA)


def compiled(glossary: Glossary) -> Terms:
    """Get a glossary ready."""
    meant: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for kind, names in glossary.items():
        for name, words in names.items():
            for word in words:
                meant[plain(word)].add((kind, name))
    letters: defaultdict[str, list[tuple[str, Names]]] = defaultdict(list)
    phrases: defaultdict[str, list[tuple[tuple[str, ...], Names]]] = defaultdict(list)
    slips: dict[str, str] = {}
    for word, names_of in meant.items():
        if not word.isascii():
            letters[_joined(word)[0]].append((_joined(word), frozenset(names_of)))
            continue
        tokens = tuple(_WORD.findall(word))
        phrases[tokens[0][:2]].append((tokens, frozenset(names_of)))
        for token in tokens:
            if len(token) >= LONG_ENOUGH:
                slips |= dict.fromkeys(_shortened(token), token)
    return Terms(tuple(glossary), letters, phrases, slips)


def named(text: str, terms: Terms) -> Mapping[str, frozenset[str]]:
    """The names whose words stand in a text, by kind."""
    folded = plain(text)
    found = [*_japanese(_joined(folded), terms), *_english(_WORD.findall(folded), terms)]
    return {kind: frozenset(name for names in found for of, name in names if of == kind) for kind in terms.kinds}


def _joined(folded: str) -> str:
    return "".join(letter for letter in folded if letter.isalnum() or letter == "ー")


def _japanese(letters: str, terms: Terms) -> Iterator[Names]:
    spans = [
        (len(word), at, names)
        for at, letter in enumerate(letters)
        for word, names in terms.letters.get(letter, ())
        if letters.startswith(word, at)
    ]
    yield from _widest(spans)


def _english(words: Sequence[str], terms: Terms) -> Iterator[Names]:
    spans: list[tuple[int, int, Names]] = []
    for at, word in enumerate(words):
        for phrase, names in terms.phrases.get(word[:2], ()):
            said = words[at : at + len(phrase)]
            if len(said) == len(phrase) and all(map(_is, said, phrase)):
                spans.append((len(phrase), at, names))
    held = {place for size, at, _ in spans for place in range(at, at + size)}
    for at, word in enumerate(words):
        if at not in held and len(word) >= LONG_ENOUGH:
            meant = next((terms.slips[left] for left in _shortened(word) if left in terms.slips), "")
            spans += [(1, at, names) for phrase, names in terms.phrases.get(meant[:2], ()) if phrase == (meant,)]
    yield from _widest(spans)


def _widest(spans: Sequence[tuple[int, int, Names]]) -> Iterator[Names]:
    """What is named by the spans (size, place, names), of each kind where no wider one of it lies over it. A word in
    passing lies over all kinds."""
    taken: list[tuple[int, int, str]] = []
    for size, at, names in sorted(spans, key=lambda span: (-span[0], span[1])):
        over = {kind for begin, end, kind in taken if end - begin > size and begin < at + size and at < end}
        free = frozenset(name for name in names if not over & {name[0], PASSING})
        taken += [(at, at + size, kind) for kind in {kind for kind, _ in free}]
        yield free


def _is(said: str, word: str) -> bool:
    if not said.startswith(word):
        return False
    left = said[len(word) :]
    return left in (_ENDINGS if len(word) > 3 else _SHORT) or (left == "d" and word[-1] == "e")


def _shortened(word: str) -> Iterator[str]:
    """The word itself and each way of leaving out one of its letters."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
