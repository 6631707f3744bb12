"""Who is asked to come in? A link that opens one account once, until a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LASTING = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link to an account. id: SHA-256 of the code in the link as hex; by: who gave it."""

    id: str
    account: str
    by: str
    until: datetime
