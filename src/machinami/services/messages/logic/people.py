"""To whom does a message go, how is a person found again, and what is kept of where they are reached?"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.letter import checked_address
from machinami.model.push import Receiver, checked
from machinami.services.messages.model import LANGUAGES, TOPICS, Language, Road, Topic

BUCKETS = 64
"""People are kept in so many shelves, so that none is long: what is sealed is opened a shelf at a time."""
PURPOSE = "town-messages"
_LONGEST = 200
_MAC = 16


@dataclass(frozen=True, slots=True)
class Contact:
    """Where one person is reached and what they asked for. districts: ids, none: whatever the town is told.

    to: a mail address or the address of a push service; p256dh, auth: of a browser. name, phone, home, helper, note: of
    a person on the call list. key: what their links of leaving carry.
    """

    id: str
    road: Road
    language: Language = "ja"
    districts: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ("safety",)
    to: str = ""
    p256dh: str = ""
    auth: str = ""
    since: str = ""
    key: str = ""
    name: str = ""
    phone: str = ""
    home: str = ""
    helper: str = ""
    note: str = ""
    consent: str = ""

    @property
    def receiver(self) -> Receiver:
        """The browser, as push messages know it."""
        return Receiver(self.to, self.p256dh, self.auth)

    def row(self) -> dict[str, Any]:
        """The contact as it is kept, without what is empty."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value}


def contact_of(row: Mapping[str, Any]) -> Contact:
    """The contact that was kept so."""
    known = {name: value for name, value in row.items() if name in Contact.__dataclass_fields__}
    listed: dict[str, Any] = {name: tuple(known[name]) for name in ("districts", "topics") if name in known}
    whole: dict[str, Any] = {**known, **listed}
    return Contact(**whole)


def checked_contact(contact: Contact, known_districts: Collection[str]) -> Contact:
    """The contact, if it can be used. Raises BadRequestData naming the field."""
    if contact.language not in LANGUAGES:
        raise BadRequestData(f"The language is one of {', '.join(LANGUAGES)}", field="language")
    if not contact.topics or not set(contact.topics) <= set(TOPICS):
        raise BadRequestData(f"Topics are among {', '.join(TOPICS)}, at least one", field="topics")
    if not set(contact.districts) <= set(known_districts):
        raise BadRequestData("The district is none of this town", field="district")
    if any(len(getattr(contact, name)) > _LONGEST for name in ("name", "phone", "home", "helper", "note")):
        raise BadRequestData(f"Each field has at most {_LONGEST} characters", field="note")
    if contact.road == "mail":
        return replace(contact, to=checked_address(contact.to))
    if contact.road == "push":
        checked(contact.receiver)
    if contact.road == "call" and not (contact.name.strip() and contact.helper.strip()):
        raise BadRequestData("A person on the list has a name, and somebody who calls or goes there", field="name")
    return contact


def bucket_of(person: str) -> str:
    """The shelf of a person: always the same."""
    return f"{int.from_bytes(sha256(person.encode()).digest()[:2], 'big') % BUCKETS:02d}"


def digest(secret: str) -> str:
    """What is kept of a secret that only its owner has."""
    return sha256(secret.encode()).hexdigest()


def is_for(contact: Contact, topic: Topic, districts: Collection[str]) -> bool:
    """Whether a message of a topic for districts (none: the whole town) is for a person."""
    if topic not in contact.topics:
        return False
    return not districts or not contact.districts or not set(districts).isdisjoint(contact.districts)


def is_held_out(person: str, broadcast: str, share: float, secret: str) -> bool:
    """Whether a person is among those, drawn by chance, who are not sent an ordinary mailing: the same at each look,
    another draw for each mailing, and foreseen by nobody who has not the secret."""
    drawn = hmac.digest(secret.encode(), f"holdout {broadcast} {person}".encode(), "sha256")
    return int.from_bytes(drawn[:8], "big") < share * 2**64


def opening_mark(person: str, broadcast: str, secret: str) -> str:
    """What the link in a person's message carries, so that it is known who opened it, and nobody says it for them."""
    told = hmac.digest(secret.encode(), f"opened {broadcast} {person}".encode(), "sha256").hex()[:_MAC]
    return f"{person.rpartition(':')[2]}.{told}"


def is_late(row: Mapping[str, Any], hours: int, now: datetime) -> bool:
    """Whether somebody who was asked to confirm has let the time pass."""
    return now - datetime.fromisoformat(str(row["at"])) > timedelta(hours=hours)
