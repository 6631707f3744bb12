"""Which cases answer a town's problem? Runs of letters, so that Japanese needs no dictionary, with what matched shown.

The weight of a run of letters is BM25's (Robertson & Zaragoza 2009: k1 1.2, b 0.75) with the length of a case in runs;
a run in a heading or a keyword counts three times.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

from machinami.methods.likeness import folded
from machinami.services.cases.model import Found, ReferenceCase, Wish

K1, B = 1.2, 0.75
RUN = 2
HEADING_WEIGHT = 3
_FEW = 0.25  # of the best score: below it, what matched is by chance
_HIRAGANA = re.compile("[ぁ-ゖー]")
_PARTICLES = "がをにでのとはもへやか"
_EMPTY = frozenset("the and for our are not with that who how can this from have".split())


def search(cases: Sequence[ReferenceCase], wish: Wish) -> list[Found]:
    """The shown cases that are as the wish says, the best first; in their own order where it has no words."""
    kept = [case for case in cases if case.state != "withdrawn" and _fits(case, wish)]
    asked = terms(wish.words)
    if not asked:
        return [] if wish.words.strip() else [Found(case, 0.0) for case in kept]
    counted = [_counted(case, {term for term in asked if _is_hiragana(term)}) for case in kept]
    found = [
        Found(case, score, matched(wish.words, case))
        for case, score in zip(kept, _scores(asked, counted), strict=True)
        if score > 0
    ]
    best = max((one.score for one in found), default=0.0)
    return sorted((one for one in found if one.score >= best * _FEW and one.matched), key=lambda one: -one.score)


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


def _is_hiragana(word: str) -> bool:
    return all(_HIRAGANA.match(letter) for letter in word)


def matched(text: str, case: ReferenceCase) -> tuple[str, ...]:
    """The longest runs of what was typed that stand in the case, each once, in the order in which they were typed."""
    told = [word for part in _parts(case) for word in _words(part)]
    whole, asked = set(told), terms(text)
    runs: list[str] = []
    for word in _words(text):
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


def _fits(case: ReferenceCase, wish: Wish) -> bool:
    asked = ((wish.field, case.field), (wish.stage, case.stage), (wish.size, case.size))
    return all(not wanted or wanted == has for wanted, has in asked)


def _scores(asked: set[str], counted: Sequence[Mapping[str, int]]) -> list[float]:
    lengths = [sum(runs.values()) for runs in counted]
    usual = sum(lengths) / len(lengths) if lengths else 1.0
    holding = {term: sum(term in runs for runs in counted) for term in asked}
    rarity = {term: log(1 + (len(counted) - n + 0.5) / (n + 0.5)) for term, n in holding.items()}
    return [
        sum(
            rarity[term] * runs[term] * (K1 + 1) / (runs[term] + K1 * (1 - B + B * length / usual))
            for term in asked
            if term in runs
        )
        for runs, length in zip(counted, lengths, strict=True)
    ]


def _counted(case: ReferenceCase, whole: set[str]) -> Counter[str]:
    """How often each run, and each word of `whole`, stands in a case, by the weight of where it stands."""
    counted: Counter[str] = Counter()
    headings = _headings(case)
    for number, part in enumerate(_parts(case)):
        weight = HEADING_WEIGHT if number < len(headings) else 1
        for word in _words(part):
            for kana in whole:
                if kana in word:
                    counted[kana] += weight
            for run in [word] if word.isascii() else _runs(word):
                counted[run] += weight
    return counted


def _headings(case: ReferenceCase) -> list[str]:
    return [*(case.name or {}).values(), *(case.problem or {}).values(), *(case.keywords or [])]


def _parts(case: ReferenceCase) -> list[str]:
    told = (case.place, case.aim, case.text, case.outcome, case.failed, case.lessons, case.money, case.partners)
    rows = [str(row[key]) for row in case.indicators or [] for key in ("ja", "en") if key in row]
    return [*_headings(case), *(text for words in told if words for text in words.values()), *rows]


def _words(text: str) -> list[str]:
    """The words of a text as they are compared: parted where a space, a mark or Latin letters part them; of Latin ones
    those of three letters and more, without a plural's s."""
    words = []
    for piece in "".join(letter if letter.isalnum() or letter == "ー" else " " for letter in text).split():
        for word in re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]+", folded(piece)):
            plain = word.removesuffix("s") if word.isascii() and len(word) > 3 else word
            if not plain.isascii() or (len(plain) > 2 and plain not in _EMPTY):
                words.append(plain)
    return words
