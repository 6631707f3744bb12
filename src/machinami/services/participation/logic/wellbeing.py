"""How does life here feel, by a versioned frame of questions, and what of it may be told?

The frame follows the structure of the Well-Being indicators of Japan (地域幸福度): some questions on life as a whole
and 24 categories in three groups. It is no ranking: categories stand in the order of the frame, towns and persons are
not compared, and groups that are too small are told of to nobody (`methods.anonymity`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.methods.anonymity.ladders import ANY
from machinami.methods.anonymity.made import Unit
from machinami.methods.anonymity.making import make_table
from machinami.methods.anonymity.plan import Column, Part, Plan

VERSION = "2026-1"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "surroundings": (
        *("care", "shopping", "housing", "moving", "leisure", "childcare", "schools", "town_hall"),
        *("digital", "public_places", "townscape", "safety", "scenery", "nature", "living_with_nature", "disasters"),
    ),
    "people": ("ties", "openness"),
    "self": ("efficacy", "health", "culture", "learning", "work", "enterprise"),
}
OVERALL = ("happy", "content", "ahead", "stay")
CATEGORIES = tuple(one for group in GROUPS.values() for one in group)
SCALES = {**dict.fromkeys(OVERALL, (0, 10)), **dict.fromkeys(CATEGORIES, (1, 5))}
"""The least and the most that can be answered."""
BANDS = ("18-29", "30-49", "50-64", "65+", "unsaid")
LEAST_GROUP = 3  # methods.anonymity takes none that is smaller


def checked_answers(form: Mapping[str, str]) -> dict[str, int]:
    """What was answered; what was left out is not there. Raises BadRequestData for none, or one beside the scale."""
    found: dict[str, int] = {}
    for name, (least, most) in SCALES.items():
        text = form.get(name, "").strip()
        if not text:
            continue
        if not (text.isascii() and text.isdigit() and least <= int(text[:3]) <= most):
            raise BadRequestData(f"{name} is answered from {least} to {most}", field=name)
        found[name] = int(text)
    if not found:
        raise BadRequestData("Answer one question at least", field=OVERALL[0], key="refused.nothing")
    return found


def checked_band(text: str) -> str:
    """The age band that somebody said. Raises BadRequestData."""
    if text not in BANDS:
        raise BadRequestData(f"{text!r} is none of {', '.join(BANDS)}", field="band")
    return text


def with_figure(figures: Mapping[str, str], category: str, indicator: str) -> dict[str, str]:
    """The indicators beside categories, with this one; an empty one takes away. Raises BadRequestData."""
    if category not in CATEGORIES:
        raise BadRequestData(f"{category!r} is no category of the frame {VERSION}", field="category")
    kept = {name: one for name, one in figures.items() if name != category}
    return {**kept, category: indicator} if indicator else kept


def summed_up(rows: Sequence[Mapping[str, Any]], smallest: int) -> dict[str, Any]:
    """What may be told of the answers: for each question how many answered and the mean, of all and of age bands that
    are large enough; None where they are not, or would follow from what is told. rows: {"band", "answers"}."""
    told = {name: _question(name, rows, max(smallest, LEAST_GROUP)) for name in SCALES}
    return {"frame": VERSION, "smallest": smallest, "questions": told}


def _question(name: str, rows: Sequence[Mapping[str, Any]], smallest: int) -> dict[str, Any]:
    units = [
        Unit(str(number), (row["band"], float(row["answers"][name])))
        for number, row in enumerate(rows)
        if name in row["answers"]
    ]
    if len(units) < smallest:
        return {"count": None, "mean": None, "bands": {}}
    columns = (Column("band", Part.KNOWN), Column("answer", Part.MEASURE, cap=float(SCALES[name][1])))
    made = make_table(Plan(columns, k=smallest, share=1.0), units, "")
    cells = {str(row[0]): (row[1], row[2]) for row in made.rows}
    count, mean = cells.pop(ANY, (None, None))
    bands = {band: cells[band][1] for band in BANDS if band in cells}
    return {"count": count, "mean": mean, "bands": bands}
