"""What is the same for everybody to whom one message goes, and what of it is each person's own?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

from machinami.model.push import private_key, vapid
from machinami.services.messages.logic.ledger import Row
from machinami.services.messages.logic.letters import Going, Phrases, Piece, where_to_go
from machinami.services.messages.logic.people import Contact, opening_mark
from machinami.services.messages.model import Broadcast, Language, Settings

ADDRESS = "/services/messages"


@dataclass
class Job:
    """What is the same for everybody to whom one message goes; made once, so that each person costs little."""

    broadcast: Broadcast
    settings: Settings
    pieces: Mapping[Language, Piece]
    phrases: Mapping[Language, Phrases]
    goings: Mapping[str, Going]
    known: Mapping[str, Mapping[str, Row]]
    noted: Mapping[str, Mapping[str, Row]]
    keys: Mapping[str, str]
    address: str
    contact: str
    now: datetime
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The broadcast's own part of its id."""
        return self.broadcast.id.rpartition(":")[2]

    @property
    def tag(self) -> str:
        """By which a later push message takes the place of an earlier one about the same alert."""
        return str(self.broadcast.ref_alert).rpartition(":")[2][-32:]

    def going(self, to: Contact) -> str:
        """Where a person is to go: told where they named the one district that they are in."""
        if not self.goings or len(to.districts) != 1:
            return ""
        return where_to_go(self.goings.get(to.districts[0]), to.language, self.phrases[to.language])

    def links(self, to: Contact) -> tuple[str, str]:
        """Where a person reads more, and where they leave; empty where the town does not know its own address."""
        if not self.address:
            return "", ""
        alert = quote(str(self.broadcast.ref_alert).rpartition(":")[2], safe="")
        mark = opening_mark(to.id, self.broadcast.id, self.keys["links"])
        more = f"{self.address}{ADDRESS}/m/{alert}?b={quote(self.name, safe='')}&r={mark}&lang={to.language}"
        return more, leave_address(self.address, to)

    def authorization(self, endpoint: str) -> str:
        """By what a push service knows the town; made once for each of them."""
        parts = urlsplit(endpoint)
        if (known := self.tokens.get(parts.netloc)) is None:
            known = self.tokens[parts.netloc] = vapid(endpoint, self.contact, private_key(self.keys["vapid"]), self.now)
        return known


def leave_address(address: str, to: Contact) -> str:
    """The link by which a person ends what they are sent, and nobody else does."""
    return f"{address}{ADDRESS}/leave?who={quote(to.id.rpartition(':')[2], safe='')}&key={to.key}"
