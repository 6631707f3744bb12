"""What is different between two versions of a plan, chapter by chapter, as a person would read it?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from machinami.services.plan.logic.drafting import text_of
from machinami.services.plan.model import CHAPTERS

Kind = Literal["same", "out", "in"]
_SENTENCE = re.compile(r"[^。．!！?？\n]*(?:[。．!！?？]+|\n+|$)|\n+")
_NEAR = 0.5  # two sentences that share so much are one that was changed


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that stayed, went out or came in."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One chapter: its pieces in the order of reading. changed: whether anything went or came."""

    chapter: str
    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        """Whether the two texts differ."""
        return any(piece.kind != "same" for piece in self.pieces)


def compare(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, language: str) -> list[Difference]:
    """Each chapter with what is different in it."""
    return [
        Difference(one, tuple(pieces(text_of(before, one, language), text_of(after, one, language))))
        for one in CHAPTERS
    ]


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
