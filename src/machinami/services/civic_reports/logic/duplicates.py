"""Which reports are of the same thing? The same category, at most 50 m apart, and likely by words, place and time.

How likely is a logistic model of few measures: how much of what the texts are about they share (methods/wording), how
far apart and how many days apart they are, whether they name the same thing or fault of a glossary in Japanese and
English, and whether they are in two languages, of which letters say nothing. The weights were fitted to the tuning
parts of the labelled reports (rows/labelled.csv; `scoring.fitted` does it again), the likelihood from which on two are
offered was chosen there too, by leaving places out in turn; both are scored on the other parts: docs/civic-reports.md.
The same photo is the same report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log1p, sqrt

from machinami.foundation.geometry import distance
from machinami.methods.likeness import folded
from machinami.methods.photographs import same_picture
from machinami.methods.wording import is_japanese, marks, shared
from machinami.model.view import Point

Glossary = Mapping[str, Mapping[str, Sequence[str]]]
"""By kind (things, faults), each name's words."""
NEAR, SAME = 50.0, 0.6
"""Metres within which, and the likelihood from which on, two reports are offered as the same."""
BACKGROUND = 400
STEPS = 5.0  # of the radius: in such steps, of 10 m as it was fitted, the model counts how far apart
UNDATED = timedelta(days=1)
PHOTO = 0.99  # of two reports with the same photo
DAY = timedelta(days=1)
CONSTANT = 1.42
WEIGHTS = {
    "shared": 5.65, "languages": 2.98, "away": -1.63, "away_squared": 0.12, "days": -1.77, "things": 3.79,
    "faults": 3.42,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says: of which category, where (None: unknown), in which words, when; pictures: fingerprints of its
    photos."""

    id: str
    category: str
    place: Point | None
    text: str
    landmark: str = ""
    at: datetime | None = None
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alike:
    """Another report that may be the same: how likely, and how far apart they are in metres."""

    id: str
    score: float
    metres: float


def alike(new: Told, others: Sequence[Told], glossary: Glossary, near: float = NEAR, same: float = SAME) -> list[Alike]:
    """The reports among others that may be the same as a new one, the likeliest first."""
    found = []
    for one, away, measures in compared(new, others, glossary, near):
        score = PHOTO if _same_photo(new, one) else likely(measures)
        if score >= same:
            found.append(Alike(one.id, round(score, 3), round(away, 1)))
    return sorted(found, key=lambda one: (-one.score, one.id))


def compared(
    new: Told, others: Sequence[Told], glossary: Glossary, near: float = NEAR
) -> list[tuple[Told, float, Mapping[str, float]]]:
    """The reports that could be the same as a new one by category and place, how far away in metres each is, and what
    the model measures of it."""
    placed = [(one, away) for one in others if (away := apart(new, one)) is not None and away <= near]
    around = [(one, away) for one, away in placed if one.category == new.category and one.id != new.id]
    if not around:
        return []
    mine, theirs = marks(new.text), [marks(one.text) for one, _ in around]
    # Others say how rare a mark is, near or not: among three texts alone every one is rare.
    town = [mine, *theirs, *(marks(one.text) for one in others[:BACKGROUND])]
    words = shared(mine, theirs, [mine, *theirs], town)
    return [
        (one, away, _measures(new, one, away * STEPS / near, word, glossary))
        for (one, away), word in zip(around, words, strict=True)
    ]


def _measures(new: Told, one: Told, away: float, words: float, glossary: Glossary) -> Mapping[str, float]:
    two_languages = is_japanese(new.text) != is_japanese(one.text)
    mine, theirs = tags(new.text, glossary), tags(one.text, glossary)
    gap = abs(new.at - one.at) if new.at and one.at else UNDATED
    return {
        "shared": 0.0 if two_languages else sqrt(words),
        "languages": float(two_languages),
        "away": away,
        "away_squared": away**2 / 3,
        "days": log1p(gap / DAY),
        "things": agreement(mine["things"], theirs["things"]),
        "faults": agreement(mine["faults"], theirs["faults"]),
    }


def likely(measures: Mapping[str, float]) -> float:
    """How likely two reports are of the same thing, 0 to 1."""
    return 1 / (1 + exp(-CONSTANT - sum(WEIGHTS[name] * value for name, value in measures.items())))


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


def agreement(mine: frozenset[str], theirs: frozenset[str]) -> float:
    """1 where two texts name the same thing, -1 where each names another, 0 where one of them names none."""
    if not mine or not theirs:
        return 0.0
    return 1.0 if mine & theirs else -1.0


def _same_photo(new: Told, one: Told) -> bool:
    return any(same_picture(mine, theirs) for mine in new.pictures for theirs in one.pictures)
