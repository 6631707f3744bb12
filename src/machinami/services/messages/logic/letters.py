"""What does one person get to read, by letter and in a push message?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from machinami.model.letter import Letter, leave_fields
from machinami.model.push import LONGEST, Receiver, encrypted
from machinami.model.vocabulary.alerts import Alert
from machinami.services.messages.logic.writing import headline_of, said
from machinami.services.messages.model import Language

_PUSH_TEXT = 600


@dataclass(frozen=True, slots=True)
class Phrases:
    """The sentences around a message in one language, from the catalogue; patterns may name {shelter}, {minutes}."""

    area: str
    go: str
    no_way: str
    more: str
    leave: str
    withdrawn: str


class Going(NamedTuple):
    """Where people of a district go: the shelter's name by language, and the minutes on foot; None: no way is known."""

    shelter: Mapping[str, str]
    minutes: float | None


class Sealing(NamedTuple):
    """One push message still to be encrypted, with what only it may use: a key and salt made by chance."""

    person: str
    receiver: Receiver
    text: bytes
    key: int
    salt: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """One alert in one language, ready for everybody: what is told of each district is beside it."""

    headline: str
    body: str


def piece_of(alert: Alert, language: Language, phrases: Phrases, withdrawn: bool) -> Piece:
    """The text of an alert, or of its withdrawal, in a language."""
    lines = [phrases.withdrawn] if withdrawn else []
    lines += [said(alert.text, language), said(alert.instruction, language) if not withdrawn else ""]
    lines.append(f"{phrases.area} {said(alert.area_name, language)}")
    return Piece(headline_of(alert, language, withdrawn), "\n\n".join(line for line in lines if line))


def where_to_go(going: Going | None, language: Language, phrases: Phrases) -> str:
    """Where to go, in a sentence; empty where nothing is known of the district."""
    if going is None:
        return ""
    if going.minutes is None:
        return phrases.no_way
    return phrases.go.format(shelter=said(going.shelter, language), minutes=max(1, round(going.minutes)))


def letter_of(to: str, name: str, piece: Piece, going: str, phrases: Phrases, more_at: str, leave_at: str) -> Letter:
    """The letter to one person; links only where the town knows its own address."""
    parts = [piece.headline, piece.body, going]
    if more_at:
        parts.append(f"{phrases.more}\n{more_at}")
    if leave_at:
        parts.append(f"{phrases.leave}\n{leave_at}")
    fields = leave_fields(leave_at) if leave_at.startswith("https://") else {}
    return Letter(to, piece.headline, "\n\n".join(part for part in parts if part), name, fields)


def push_text(piece: Piece, going: str, more_at: str, tag: str) -> bytes:
    """What the page's worker shows of a push message, as JSON; cut to what every push service takes."""
    body = "\n".join(part for part in (piece.body.replace("\n\n", "\n"), going) if part)
    for most in (_PUSH_TEXT, 300, 100):
        told = json.dumps(
            {"title": piece.headline, "body": body[:most], "address": more_at, "tag": tag}, ensure_ascii=False
        ).encode("utf-8")
        if len(told) <= LONGEST:
            return told
    return json.dumps({"title": piece.headline[:100], "address": more_at, "tag": tag}).encode("utf-8")


def sealed(tasks: list[Sealing]) -> list[tuple[str, bytes]]:
    """The messages as push services take them; run in a worker process, so that the town is not held up."""
    return [
        (one.person, encrypted(one.text, one.receiver, ec.derive_private_key(one.key, ec.SECP256R1()), one.salt))
        for one in tasks
    ]
