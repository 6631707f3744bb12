"""What do the files of the guide say? TOML becomes stages, questions, themes and the concept."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from machinami.foundation.errors import InputError
from machinami.model.view import Words
from machinami.services.guide.model import Concept, Guidance, Path, Question, Stage, Tenet, Theme

Row = Mapping[str, Any]


class GuidanceError(InputError):
    """The files of the guide do not fit together."""


def read_guidance(questions: str, paths: Sequence[str], themes: str, concept: str) -> Guidance:
    """All that ships with the guide, from the texts of its files. Raises GuidanceError."""
    asked = [_question(row) for row in tomllib.loads(questions)["questions"]]
    known = {question.id: question for question in asked}
    rows = [_path(tomllib.loads(text)) for text in paths]
    stuck = tuple(_theme(row) for row in tomllib.loads(themes)["themes"])
    for path in rows:
        for stage in path.stages:
            if lost := [one for one in stage.asks if one not in known]:
                raise GuidanceError(f"{path.id}, {stage.id}: nobody knows the questions {', '.join(lost)}")
            if lost := [one for one in stage.decides if one not in stage.asks]:
                raise GuidanceError(f"{path.id}, {stage.id}: decided by what it does not ask: {', '.join(lost)}")
    for theme in stuck:
        known |= {question.id: question for question in theme.questions}
    return Guidance(known, tuple(rows), stuck, tuple(_concept(row) for row in tomllib.loads(concept)["versions"]))


def _question(row: Row, sources: Sequence[str] = ()) -> Question:
    return Question(
        row["id"],
        _words(row, "text"),
        _words(row, "step"),
        row["where"],
        _words(row, "why") if "why" in row else None,
        row.get("evidence", ""),
        tuple(row.get("sources", sources)),
        tuple(row.get("cases", ())),
    )


def _path(row: Row) -> Path:
    stages = tuple(
        Stage(one["id"], _words(one, "title"), _words(one, "aim"), tuple(one["asks"]), tuple(one["decides"]))
        for one in row["stages"]
    )
    return Path(row["id"], row["version"], _words(row, "title"), _words(row, "source"), stages)


def _theme(row: Row) -> Theme:
    asked = tuple(_question(one, row["sources"]) for one in row["questions"])
    return Theme(
        row["id"], _words(row, "title"), _words(row, "lead"), asked, tuple(row["sources"]), tuple(row["cases"])
    )


def _concept(row: Row) -> Concept:
    tenets = [
        tuple(Tenet(_words(one, "title"), _words(one, "text")) for one in row[name]) for name in ("principles", "rules")
    ]
    return Concept(row["id"], _words(row, "title"), _words(row, "source"), tenets[0], tenets[1])


def _words(row: Row, name: str) -> Words:
    text = row[name]
    if not {"ja", "en"} <= set(text):
        raise GuidanceError(f"{row.get('id', '?')}: {name} must be said in ja and en")
    return Words(text)
