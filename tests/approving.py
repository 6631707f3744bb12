"""A board that approves what a test needs to be asked for, by the same steps as every board."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from machinami.broker import ethics
from machinami.broker.town import Town
from machinami.model.approval import NO_LONGER, Bounds
from machinami.model.ethics.application import Application, Motion, Outcome
from machinami.model.ethics.board import Board, Member, Office, Rule
from machinami.model.ethics.proposal import SAID, Proposal
from machinami.model.principal import Principal, Role

RULER = Principal("urn:person:administrator", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)
APPLICANT = Principal("urn:person:applicant", frozenset({Role.OFFICER}), None, None, 2, 2)
MEMBERS = tuple(
    Principal(f"urn:person:{name}", frozenset({Role.RESIDENT}), None, None, 2, 2) for name in ("mori", "hara", "kubo")
)
TEXTS = {"ja": "歩いた数を見ます", "en": "We look at your steps", "easy": "あるいた かずを みます"}
TITLES = {"ja": "歩く街", "en": "A walking town", "easy": "あるく まち"}


def board(now: datetime, **other: Any) -> Board:
    """Three members, of whom two must vote."""
    members = tuple(
        Member(one.id, one.id.rpartition(":")[2].title(), "law", now - timedelta(days=1)) for one in MEMBERS
    )
    return replace(Board(Office.BOARD, members, 2, Rule.MAJORITY, 7, 12), **other)


def proposal(purpose: str, bounds: Bounds, texts: Mapping[str, str] = TEXTS, **other: Any) -> Proposal:
    """An application that says all that it must."""
    said = {name: f"{name} of {purpose}" for name in SAID}
    return replace(
        Proposal(purpose, tuple(sorted(TITLES.items())), tuple(sorted(texts.items())), bounds, **said), **other
    )


def bounds(now: datetime, recipients: Sequence[str], types: Sequence[str] = (), **other: Any) -> Bounds:
    """All of these types, for as long as a consent may hold."""
    until = now + NO_LONGER - timedelta(hours=1)
    return replace(Bounds(tuple(recipients), until, tuple(types)), **other)


async def decided(
    town: Town, application_id: str, motion: Motion, members: Sequence[Principal] = MEMBERS
) -> Application:
    """The application after these members have all voted for a motion."""
    await ethics.move(town, application_id, motion, True, members[0])
    for one in members[1:]:
        await ethics.vote(town, application_id, True, "", True, one)
    return await ethics.decide(town, application_id, members[0])


async def approve(
    town: Town, purpose: str, recipients: Sequence[str], types: Sequence[str] = (), **other: Any
) -> Application:
    """Have a purpose go through the board of a town, which is appointed where there is none."""
    now = town.clock()
    if await ethics.board(town) is None:
        await ethics.appoint(town, board(now), RULER)
    made = await ethics.submit(town, proposal(purpose, bounds(now, recipients, types, **other)), APPLICANT)
    return await decided(town, made.id, Motion(Outcome.APPROVED, "The benefit outweighs the risk"))
