"""Which reports are of the same thing? The same category, at most 50 m apart, and alike in what they say.

How alike two texts are is the cosine of their letters (methods/likeness), moved up or down by what they name: the same
thing, fault or landmark of a glossary in Japanese and English speaks for the same report, different ones against it.
The glossary also lets reports in two languages find each other. The weights were chosen on one half of the labelled
reports (rows/labelled.csv) and are scored on the other: docs/civic-reports.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from machinami.foundation.geometry import distance
from machinami.methods.likeness import folded, vectors
from machinami.model.view import Point

Glossary = Mapping[str, Mapping[str, Sequence[str]]]
"""By kind (things, faults, places), each name's words."""
NEAR, SAME = 50.0, 0.25
"""Metres within which, and the score from which on, two reports are offered as the same."""
BACKGROUND = 400
NEARNESS = 0.2  # of the same spot; none at the edge
SHARED = {"things": 0.3, "faults": 0.2, "places": 0.1}
APART = {"things": 0.4, "faults": 0.3, "places": 0.4}


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says: of which category, where (None: unknown), in which words."""

    id: str
    category: str
    place: Point | None
    text: str
    landmark: str = ""


@dataclass(frozen=True, slots=True)
class Alike:
    """Another report that may be the same: how much speaks for it, and how far apart they are in metres."""

    id: str
    score: float
    metres: float


def alike(new: Told, others: Sequence[Told], glossary: Glossary, near: float = NEAR, same: float = SAME) -> list[Alike]:
    """The reports among others that may be the same as a new one, the likeliest first."""
    around = [(one, away) for one in others if (away := apart(new, one)) is not None and away <= near]
    around = [(one, away) for one, away in around if one.category == new.category and one.id != new.id]
    if not around:
        return []
    # Others say how rare a run of letters is, near or not: among three texts alone every one is rare.
    known = vectors([new.text, *(one.text for one, _ in around), *(one.text for one in others[:BACKGROUND])])
    mine, found = tags(new.text, glossary), []
    for number, (one, away) in enumerate(around):
        letters = sum(weight * known[number + 1].get(gram, 0.0) for gram, weight in known[0].items())
        score = letters + NEARNESS * (1 - away / near) + agreement(mine, tags(one.text, glossary))
        if score >= same:
            found.append(Alike(one.id, round(score, 3), round(away, 1)))
    return sorted(found, key=lambda one: (-one.score, one.id))


def apart(one: Told, other: Told) -> float | None:
    """How far apart two reports are, in metres: 0 where both name the same place in words and one or both have no
    point; None where that is not known."""
    if one.place is not None and other.place is not None:
        return distance(one.place, other.place)
    said = folded(one.landmark)
    return 0.0 if said and said == folded(other.landmark) else None


def tags(text: str, glossary: Glossary) -> Mapping[str, frozenset[str]]:
    """The names of the glossary whose words stand in a text, by kind."""
    letters = folded(text)
    return {
        kind: frozenset(name for name, words in names.items() if any(folded(word) in letters for word in words))
        for kind, names in glossary.items()
    }


def agreement(mine: Mapping[str, frozenset[str]], theirs: Mapping[str, frozenset[str]]) -> float:
    """What the named things, faults and places of two texts add to, or take from, their likeness."""
    total = 0.0
    for kind, names in mine.items():
        if names and theirs[kind]:
            total += SHARED.get(kind, 0.0) if names & theirs[kind] else -APART.get(kind, 0.0)
    return total
