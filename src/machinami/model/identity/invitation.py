"""Who is asked to come in? A link that opens one account once, until a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LASTING = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link to an account. id: SHA-256 of the code in the link as hex; by: who gave it; at_once: it signs in
    without a password, for the throw-away town of a demonstration."""

    id: str
    account: str
    by: str
    until: datetime
    at_once: bool = False
