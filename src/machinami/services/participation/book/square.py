"""What do the pages of one town show of its residents' voice, to whom?"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import quote

from machinami.kit.city import City
from machinami.kit.happening import Event, Happening, seen
from machinami.kit.settings import SettingSheet, sheets_of
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import ActionPlan, Proposal
from machinami.services.participation import service
from machinami.services.participation.book.state import Account, CommentSheet, Counts, Sheet
from machinami.services.participation.book.telling import (
    ADDRESS,
    called,
    comment_sheet,
    fault,
    sheet,
    step,
)
from machinami.services.participation.logic import pieces, record
from machinami.services.participation.logic.nearness import nearest
from machinami.services.participation.model import (
    GONE,
    BudgetRound,
    ParticipationStep,
    ProposalComment,
    Settings,
    Voice,
    WellBeingSurvey,
)

STEPS_SHOWN, SIMILAR_SHOWN = 200, 5


@dataclass(frozen=True, slots=True)
class Square:
    """The voice of one town's residents as its pages see it."""

    city: City

    async def all(self, words: Words, by: Voice) -> list[Sheet]:
        """Everything that was handed in and who looks may see, the last one first; their own always."""
        own = await service.owned(self.city, by)
        found = {one.id: one for one in await seen(self.city, Proposal)}
        for missing in own - found.keys():
            piece = await self.city.at_reception().get(Proposal, missing) if _is_proposal(missing) else None
            if piece is not None:
                found[piece.id] = piece
        on = pieces.today(self.city.now(), self.city.zone)
        return [sheet(piece, words, on, own) for piece in pieces.newest_first(list(found.values()))]

    async def one(self, piece_id: str, words: Words, by: Voice) -> Sheet:
        """One of them. Raises NotFound."""
        own = await service.owned(self.city, by)
        city = self.city.at_reception() if piece_id in own else self.city
        piece = await service.there(city, Proposal, piece_id)
        return sheet(piece, words, pieces.today(self.city.now(), self.city.zone), own)

    async def comments(self, words: Words, by: Voice) -> list[CommentSheet]:
        """All comments, in order of time."""
        own = await service.owned(self.city, by)
        return [comment_sheet(said, words, own) for said in await seen(self.city, ProposalComment)]

    async def comments_on(self, piece_id: str, words: Words, by: Voice) -> list[CommentSheet]:
        """The comments on one piece, in order of time."""
        own = await service.owned(self.city, by)
        found = await seen(self.city, ProposalComment)
        return [comment_sheet(said, words, own) for said in found if said.ref_proposal == piece_id]

    async def similar(self, text: str, words: Words, by: Voice, besides: str = "") -> list[Sheet]:
        """What is most like a text, of what is shown; the most alike first. besides: the id of the text itself."""
        settings = await self.city.settings(Settings)
        sheets = [one for one in await self.all(words, by) if one.text and one.id != besides]
        near = nearest(text, [f"{one.name} {one.text}" for one in sheets], settings.alike_from, SIMILAR_SHOWN)
        return [sheets[at] for at in near]

    async def originals(self) -> dict[str, str]:
        """What hidden texts said, by the id of the piece."""
        rows = await self.city.private_rows(service.HIDDEN)
        parts = {name: [row[part][0] for part in ("name", "text") if row.get(part)] for name, row in rows.items()}
        return {name: " — ".join(texts) for name, texts in parts.items()}

    async def account(self, words: Words) -> Account:
        """The record, followed from its beginning."""
        own = self.city.at_reception()
        steps = await own.find(ParticipationStep)
        verified = await service.verify(self.city)
        names = await self._names(words)
        told = [step(said, names, words) for said in record.entries(steps)[::-1][:STEPS_SHOWN]]
        changed = [names.get(one, one) for one in verified.changed]
        faults = [fault(one, words) for one in verified.faults]
        return Account(told, verified.steps, str(verified.head), faults, changed)

    async def _names(self, words: Words) -> dict[str, str]:
        """What everything that the record tells of is called, for who looks."""
        said = await seen(self.city, ProposalComment)
        names = {one.id: words.of(one.name) for one in await seen(self.city, BudgetRound)}
        names |= {one.id: words.of(one.name) for one in await seen(self.city, WellBeingSurvey)}
        names |= {one.id: called(one.name, one.state, words) for one in await seen(self.city, Proposal)}
        return names | {one.id: names.get(str(one.ref_proposal), "") for one in said}

    async def settings(self, words: Words) -> list[SettingSheet]:
        """Every setting with its past."""
        return await sheets_of(self.city, asdict(await self.city.settings(Settings)), words)


def chapter_text(plan: ActionPlan | None, chapter: str, words: Words) -> str:
    """What the plan says in a chapter, in the reader's language."""
    said = ((plan.chapters if plan else None) or {}).get(chapter, {})
    return words.of(said) if isinstance(said, dict) else str(said)


def counts(sheets: list[Sheet]) -> Counts:
    """How the town keeps its word."""
    waits = [one for one in sheets if one.state == "open"]
    return Counts(
        len(waits),
        sum(one.overdue for one in waits),
        sum(bool(one.reply) for one in sheets),
        sum(one.state == "adopted" for one in sheets),
    )


async def happening(city: City, words: Words) -> Happening:
    """Nothing of it is urgent on the home page: what waits stands on the officers' page."""
    return Happening()


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """What residents handed in, and what the town answered; nothing of what is hidden or was withdrawn."""
    found = [e for one in await seen(city, Proposal) if one.state not in GONE for e in _events_of(one, words)]
    return [event for event in found if start <= event.at < end]


def _events_of(piece: Proposal, words: Words) -> Iterator[Event]:
    name, simulated = called(piece.name, piece.state, words), bool(piece.simulated)
    address = f"{ADDRESS}/pieces/{quote(piece.id, safe=':')}"
    if piece.handed_in_at is not None:
        told = words.plain(f"part.day_of.{piece.kind or 'proposal'}", name=name)
        yield Event(piece.handed_in_at, told, address, 1, simulated)
    if piece.replied_at is not None:
        kind = piece.state if piece.state in ("adopted", "declined") else "reply"
        yield Event(piece.replied_at, words.plain(f"part.day_of.{kind}", name=name), address, 2, simulated)


def _is_proposal(piece_id: str) -> bool:
    return piece_id.startswith(f"urn:ngsi-ld:{Proposal.TYPE}:")
