"""How alike are short texts, and which of them say the same? Character n-grams weighted by how rare they are.

No words have to be found in the text, so Japanese, English and what people type on a phone are treated alike. The
weights are those of the vector space model (Salton & Buckley 1988): (1 + ln tf) * (1 + ln((1 + n) / (1 + df))), each
text a vector of length one, likeness their cosine.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import log, sqrt

SIZES = (2, 3)
Vector = Mapping[str, float]


def folded(text: str) -> str:
    """The text without what does not tell two texts apart: width of letters, case, spaces, punctuation."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum() or letter == "ー")


def grams(text: str) -> Counter[str]:
    """How often each run of two and of three letters stands in a text; the text itself where it is shorter."""
    letters = folded(text)
    found = Counter(letters[at : at + size] for size in SIZES for at in range(len(letters) - size + 1))
    return found or Counter([letters] if letters else [])


def vectors(texts: Sequence[str]) -> list[Vector]:
    """Each text as a vector of length one; without a letter in it, as an empty one."""
    counted = [grams(text) for text in texts]
    spread = Counter(gram for found in counted for gram in found)
    rarity = {gram: 1 + log((1 + len(texts)) / (1 + among)) for gram, among in spread.items()}
    return [_unit({gram: (1 + log(n)) * rarity[gram] for gram, n in found.items()}) for found in counted]


def _unit(vector: dict[str, float]) -> dict[str, float]:
    length = sqrt(sum(weight * weight for weight in vector.values()))
    return {gram: weight / length for gram, weight in vector.items()} if length else {}


def alike(texts: Sequence[str], least: float) -> dict[tuple[int, int], float]:
    """The pairs (i, j), i < j, of texts that are at least so alike, with how alike they are, from 0 to 1."""
    holding: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    found: dict[tuple[int, int], float] = {}
    for number, vector in enumerate(vectors(texts)):
        shared: defaultdict[int, float] = defaultdict(float)
        for gram, weight in vector.items():
            for other, theirs in holding[gram]:
                shared[other] += weight * theirs
            holding[gram].append((number, weight))
        found |= {(other, number): min(1.0, cosine) for other, cosine in shared.items() if cosine >= least}
    return found


def groups(texts: Sequence[str], least: float) -> list[tuple[int, ...]]:
    """Groups of two or more texts that say much the same, the closest first, members in their order.

    The most alike come together first, and two groups join only where their members are on average at least so alike
    (average linkage), so that no chain of neighbours binds what has nothing in common.
    """
    pairs = alike(texts, least)
    member = list(range(len(texts)))
    held: dict[int, list[int]] = {number: [number] for number in member}
    shared: defaultdict[int, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))  # between two groups
    for (one, other), cosine in pairs.items():
        shared[one][other] = shared[other][one] = cosine
    for (one, other), _ in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])):
        a, b = member[one], member[other]
        if a != b and shared[a][b] >= least * len(held[a]) * len(held[b]):
            for number in held[b]:
                member[number] = a
            held[a] += held.pop(b)
            for third, total in shared.pop(b).items():
                if third != a:
                    shared[a][third] += total
                    shared[third][a] += total
                shared[third].pop(b, None)
    found = [tuple(sorted(group)) for group in held.values() if len(group) > 1]
    return sorted(found, key=lambda group: (-_within(group, pairs), group))


def _within(group: Sequence[int], pairs: Mapping[tuple[int, int], float]) -> float:
    total = sum(pairs.get((i, j), 0.0) for i in group for j in group if i < j)
    return total / (len(group) * (len(group) - 1) / 2)
