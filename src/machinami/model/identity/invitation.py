"""Who is asked to come in? A link that opens one account once, until a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from machinami.foundation.errors import BadRequestData
from machinami.model.identity.account import Account

LASTING = timedelta(days=3)
# how somebody who came in before is known again, and the level of assurance that it reaches
RECOGNISED = {"known": 1, "document": 2, "in-person": 3}


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link to an account. id: SHA-256 of the code in the link as hex; by: who gave it."""

    id: str
    account: str
    by: str
    until: datetime


def check_recognised(account: Account, recognised: int | None) -> None:
    """Raise BadRequestData where somebody who came in before gets a new way in without having been recognised as surely
    as when they were made known (OWASP ASVS 5.0, 6.4.4). recognised: the level of assurance of who they are (IAL) that
    was reached now; None: it was not looked at."""
    needed = max(1, account.identity_assurance)
    if account.came_in and (recognised is None or recognised < needed):
        raise BadRequestData(
            f"{account.display} came in before: first recognise them as surely as then (level {needed}), and say so",
            key="identity.not_recognised",
        )
