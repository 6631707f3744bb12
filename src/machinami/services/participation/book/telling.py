"""How is what was handed in said to a reader?"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from machinami.kit.moments import day_told
from machinami.kit.words import Words
from machinami.model.audit import Entry, Fault
from machinami.model.vocabulary.circle import Proposal
from machinami.services.participation.book.state import CommentSheet, Remark, Sheet, Step
from machinami.services.participation.logic import pieces
from machinami.services.participation.model import GONE, ProposalComment

ADDRESS = "/services/participation"
SHOWN_OF_AUTHOR = 4


def day(text: str | None, words: Words) -> str:
    """A day as the reader says it."""
    return day_told(text, words)


def key_of(entity_id: str) -> str:
    """What an entity is called within a page."""
    return entity_id.rpartition(":")[2]


def sheet(piece: Proposal, words: Words, on: date, own: frozenset[str]) -> Sheet:
    """A piece in the reader's words."""
    left = (date.fromisoformat(piece.due_on) - on).days if piece.due_on else 0
    return Sheet(
        piece.id,
        key_of(piece.id),
        piece.kind or "proposal",
        called(piece.name, piece.state, words),
        words.of(piece.text),
        piece.field or "",
        piece.chapter or "",
        author(piece.author, piece.verified, words),
        bool(piece.verified),
        piece.state or "open",
        piece.supports or 0,
        piece.unverified or 0,
        piece.handed_in_at,
        day(piece.due_on, words),
        left,
        pieces.is_overdue(piece, on),
        words.of(piece.reply),
        piece.replied_by or "",
        piece.replied_at,
        words.of(piece.changed),
        piece.verdict or "",
        remarks(piece.moderation),
        piece.id in own,
        pieces.is_objected(piece),
    )


def called(name: Mapping[str, str] | None, state: str | None, words: Words) -> str:
    """The title of a piece; of one that is gone, that it is."""
    return words.of(name) or words.plain(f"part.gone.{state if state in GONE else 'unnamed'}")


def comment_sheet(said: ProposalComment, words: Words, own: frozenset[str]) -> CommentSheet:
    """A comment in the reader's words."""
    return CommentSheet(
        said.id,
        key_of(said.id),
        words.of(said.text),
        author(said.author, said.verified, words),
        bool(said.verified),
        said.state or "shown",
        said.posted_at,
        remarks(said.moderation),
        said.id in own,
        pieces.is_objected(said),
    )


def author(name: str | None, verified: bool | None, words: Words) -> str:
    """How the writer is called on pages: by the end of their pseudonym."""
    if name:
        return words.plain("part.author.known", name=name[-SHOWN_OF_AUTHOR:])
    return words.plain("part.author.unverified" if verified is False else "part.author.gone")


def remarks(moderation: Sequence[Mapping[str, str]] | None) -> list[Remark]:
    """The steps of moderation."""
    return [Remark(r["did"], r["reason"], r["role"], datetime.fromisoformat(r["at"])) for r in moderation or []]


def step(said: Entry, names: Mapping[str, str], words: Words) -> Step:
    """A step of the record."""
    entity, did = str(said.get("entity", "")), str(said.get("did", ""))
    who = str(said.get("who", ""))
    return Step(
        int(said["number"] or 0),
        datetime.fromisoformat(str(said["at"])),
        words.plain(f"part.who.{who}") if words.has(f"part.who.{who}") else who,
        words.plain(f"part.did.{did}") if words.has(f"part.did.{did}") else did,
        names.get(entity, entity),
        str(said.get("reason", "")),
        str(said.get("receipt", "")),
    )


def fault(found: Fault, words: Words) -> str:
    """What is wrong with the record, as a sentence."""
    return words.plain(f"part.fault.{found.kind}", **found.facts)
