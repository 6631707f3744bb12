"""What is different between two versions of a plan, chapter by chapter, as a person would read it?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from machinami.services.plan.logic.paper import Cell, Chapter

Kind = Literal["same", "out", "in"]
_SENTENCE = re.compile(r"[^。．!！?？\n]*(?:[。．!！?？]+|\n+|$)|\n+")
_NEAR = 0.5  # two sentences that share so much are one that was changed


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that stayed, went out or came in."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of a chapter: the rows that went out, and those that came in."""

    caption: str
    heads: tuple[str, ...]
    out: tuple[tuple[Cell, ...], ...]
    into: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One chapter: its pieces in the order of reading, and its tables in which rows differ."""

    chapter: str
    pieces: tuple[Piece, ...]
    tables: tuple[Rows, ...] = ()

    @property
    def reworded(self) -> bool:
        """Whether the two texts differ."""
        return any(piece.kind != "same" for piece in self.pieces)

    @property
    def changed(self) -> bool:
        """Whether the texts or the tables differ."""
        return self.reworded or bool(self.tables)


def rows(before: Chapter, after: Chapter) -> tuple[Rows, ...]:
    """The tables of a chapter in which rows differ; tables of one caption are one table, whatever they hold."""
    old = {table.caption: table for table in before.tables}
    found = []
    for table in after.tables:
        was = old[table.caption].rows if table.caption in old else ()
        out = tuple(row for row in was if row not in table.rows)
        into = tuple(row for row in table.rows if row not in was)
        if out or into:
            found.append(Rows(table.caption, table.heads, out, into))
    return tuple(found)


def pieces(before: str, after: str) -> list[Piece]:
    """The two texts as one: whole sentences that went or came, and within a sentence that was changed the words."""
    old, new = sentences(before), sentences(after)
    found: list[Piece] = []
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(old[a1:a2])))
        elif tag == "replace" and a2 - a1 == b2 - b1:
            for one, other in zip(old[a1:a2], new[b1:b2], strict=True):
                found += _within(one, other)
        else:
            found += [Piece("out", "".join(old[a1:a2])), Piece("in", "".join(new[b1:b2]))]
    return _joined(found)


def sentences(text: str) -> list[str]:
    """A text cut behind each sentence and line; put together again it is the same."""
    return [part for part in _SENTENCE.findall(text) if part]


def _within(one: str, other: str) -> list[Piece]:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < _NEAR:
        return [Piece("out", one), Piece("in", other)]
    found: list[Piece] = []
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            found.append(Piece("same", one[a1:a2]))
        else:
            found += [Piece("out", one[a1:a2]), Piece("in", other[b1:b2])]
    return found


def _joined(found: Sequence[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in found:
        if not piece.text:
            continue
        if joined and joined[-1].kind == piece.kind:
            joined[-1] = Piece(piece.kind, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined
