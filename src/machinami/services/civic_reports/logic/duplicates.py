"""Which reports are of the same thing? The same category, at most 50 m apart, and likely by words, place and time.

How likely is a logistic model of few measures: how much of what the texts are about they share (methods/wording), which
things, faults and places of a glossary in Japanese and English they name (methods/terms), of which what few others say
about the place counts more, whether they name the same number, floor or side (methods/particulars), whether one says
that it was mended before, how far apart they are by how phones err, and how many days. The weights were fitted to the
tuning parts of the labelled reports (rows/labelled.csv; `scoring.fitted` does it again), the likelihood from which on
two are offered was chosen there too, by leaving places out in turn; both are scored on the other parts:
docs/civic-reports.md. The same photo is the same report; what names another number is perhaps the same at most.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import exp, log, log1p, sqrt
from typing import NamedTuple

from machinami.foundation.geometry import distance
from machinami.methods.likeness import folded
from machinami.methods.particulars import Particulars, mended_before, particulars, told_apart
from machinami.methods.photographs import same_picture
from machinami.methods.terms import Terms, named
from machinami.methods.wording import Marks, is_japanese, marks, shared
from machinami.model.view import Point

NEAR, SAME = 50.0, 0.62
"""Metres within which, and the likelihood from which on, two reports are offered as the same."""
PERHAPS = 0.3  # from here on an officer is told that they may be
BACKGROUND = 400
KINDS = ("things", "faults", "places")
IN_ROWS = frozenset(
    "lamp lampcover pole guywire bollard manhole grating hydrant signpost bench tile kerb marking".split()
)
"""Things of which the next one stands near: of these two that are alike are told apart by their places first."""
LEAST = 0.2  # of its weight a name keeps that everybody says about a place
ERRORS, AT_SPOT = ((0.64, 8.5), (0.32, 16.2), (0.04, 21.2)), 0.4
PHOTO = 0.99  # of two reports with the same photo
DOUBTFUL = 0.5  # at most, of two that name different numbers, floors or sides (left for one may be right for another)
DAY = timedelta(days=1)
CONSTANT = 0.88
WEIGHTS = {
    "shared": 2.32, "languages": 1.34, "far": -0.95, "far_in_rows": -1.24, "days": -1.05, "undated": -1.45,
    "same_thing": 2.09, "other_thing": -2.48, "same_fault": 2.1, "other_fault": -1.61, "same_place": 0.12,
    "same_both": -2.4, "same_number": 2.34, "other_number": -3.46, "mended": -0.87,
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


def alike(new: Told, others: Sequence[Told], terms: Terms, near: float = NEAR, same: float = SAME) -> list[Alike]:
    """The reports among others that may be the same as a new one, the likeliest first."""
    found = []
    for one, away, measures in compared(new, others, terms, near):
        score = PHOTO if _same_photo(new, one) else min(likely(measures), DOUBTFUL if measures["other_number"] else 1.0)
        if score >= same:
            found.append(Alike(one.id, round(score, 3), round(away, 1)))
    return sorted(found, key=lambda one: (-one.score, one.id))


def compared(
    new: Told, others: Sequence[Told], terms: Terms, near: float = NEAR
) -> list[tuple[Told, float, Mapping[str, float]]]:
    """The reports that could be the same as a new one by category and place, how far away in metres each is, and what
    the model measures of it."""
    placed = [(one, away) for one in others if (away := apart(new, one)) is not None and away <= near]
    around = [(one, away) for one, away in placed if one.category == new.category and one.id != new.id]
    if not around:
        return []
    mine, *theirs = (_read(one.text, one.landmark, terms) for one in (new, *(one for one, _ in around)))
    # Others say how rare a mark is, near or not: among three texts alone every one is rare.
    texts = [one.marks for one in (mine, *theirs)]
    words = shared(mine.marks, texts[1:], texts, [*texts, *(_marks(one.text) for one in others[:BACKGROUND])])
    said = Counter(name for one in (mine, *theirs) for kind in KINDS for name in one.names[kind])
    rarity = {name: LEAST + max(0.0, 1 - log(n) / log(len(texts))) for name, n in said.items()}
    return [
        (one, away, _measures(new, one, mine, read, away * NEAR / near, word, rarity))
        for (one, away), read, word in zip(around, theirs, words, strict=True)
    ]


class _Read(NamedTuple):
    """A report as it was read: what its text is about, the names it says, what tells its thing from others alike."""

    marks: Marks
    names: Mapping[str, frozenset[str]]
    particulars: Particulars
    mended: bool


@lru_cache(4096)
def _marks(text: str) -> Marks:
    return marks(text)


@lru_cache(4096)
def _read(text: str, landmark: str, terms: Terms) -> _Read:
    said = f"{text} {landmark}"
    return _Read(_marks(text), named(text, terms), particulars(said), mended_before(said))


def _measures(
    new: Told, one: Told, mine: _Read, theirs: _Read, away: float, words: float, rarity: Mapping[str, float]
) -> Mapping[str, float]:
    two_languages = is_japanese(new.text) != is_japanese(one.text)
    things, faults, places = (agreement(mine.names[kind], theirs.names[kind], rarity) for kind in KINDS)
    dated = new.at is not None and one.at is not None
    gap = abs(new.at - one.at) / DAY if new.at and one.at else 0.0
    number = told_apart(mine.particulars, theirs.particulars)
    far = remote(away)
    return {
        "shared": 0.0 if two_languages else sqrt(words),
        "languages": float(two_languages),
        "far": far,
        "far_in_rows": far * bool(mine.names["things"] & theirs.names["things"] & IN_ROWS),
        "days": log1p(gap) if dated else 0.0,
        "undated": float(not dated),
        "same_thing": max(0.0, things),
        "other_thing": max(0.0, -things),
        "same_fault": max(0.0, faults),
        "other_fault": max(0.0, -faults),
        "same_place": max(0.0, places),
        "same_both": max(0.0, things) * max(0.0, faults),
        "same_number": max(0.0, number),
        "other_number": max(0.0, -number),
        "mended": float(mine.mended != theirs.mended),
    }


def remote(away: float) -> float:
    """How much the distance says against one thing, from 0: the logarithm of how much likelier two things are than
    one to be reported so far (m) apart, less what it is for reports of one spot.

    A report of one thing lies about it as phones err: four of five by 6 m in each direction, the fifth by 15 m; two
    things lie in two of five cases at one spot, and else anywhere within reach.
    """
    return _odds(away) - _odds(0.0)


def _odds(away: float) -> float:
    same = sum(part / spread**2 * exp(-(away**2) / (2 * spread**2)) for part, spread in ERRORS)
    return log(AT_SPOT + (1 - AT_SPOT) * 2 / NEAR**2 / same)


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


def agreement(mine: frozenset[str], theirs: frozenset[str], rarity: Mapping[str, float]) -> float:
    """From 1 where two texts name the same things to -1 where each names others, 0 where one of them names none; what
    few others say about the place counts more."""
    whole, other, common = (sum(rarity[name] for name in names) for names in (mine, theirs, mine & theirs))
    return 2 * common / sqrt(whole * other) - 1 if mine and theirs else 0.0


def _same_photo(new: Told, one: Told) -> bool:
    return any(same_picture(mine, theirs) for mine in new.pictures for theirs in one.pictures)
