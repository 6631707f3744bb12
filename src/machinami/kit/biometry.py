"""Through which port may a service recognise somebody by a feature of their body, if a town allows it at all?

The features themselves are never in the town's data (`model.never_kept`). A vault keeps templates that can be revoked
(`methods.cancellable`), each for one purpose and one service. Machinami has no vault and no model: a town that wants
one installs it, and its board approves it. A service that asks for it names in its manifest the model by its digest,
and how people are served as well without it.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

from machinami.foundation.errors import InputError, NotFound

ERASED_WITHIN = 5.0
"""Seconds within which nothing of a person is left in a vault once they are to be erased."""


class NotEnrolled(NotFound):
    """Nobody is enrolled under this name."""


class TemplateVault(Protocol):
    """Templates of people who consented, under keys that lie apart from them. subject: the pseudonym of a person.

    A vault finds nobody in a crowd: it only says whether somebody is who they say they are. What it is given is
    forgotten when it has answered. `tests/kit/vault_contract.py` says in full what it must do.
    """

    async def enrol(self, subject: str, vector: Sequence[float], consent: str) -> None:
        """Keep a template of somebody, in place of an earlier one, under a fresh key. consent: on which they are
        enrolled. Raises BadRequestData."""
        ...

    async def matches(self, subject: str, vector: Sequence[float]) -> bool:
        """Whether a vector is of the person whom they say they are. Raises NotEnrolled."""
        ...

    async def revoke(self, subject: str) -> None:
        """Throw the key away: the template matches nobody any more, and the person is to be enrolled anew. Raises
        NotEnrolled."""
        ...

    async def erase(self, subject: str) -> None:
        """Leave nothing of the person, within ERASED_WITHIN seconds. Erasing who is not there is done at once."""
        ...

    async def enrolled(self) -> Sequence[str]:
        """Who is enrolled at present."""
        ...


def pinned(model: bytes, digest: str) -> bytes:
    """A model, as its bytes are loaded: only the one that was approved.

    digest: the SHA-256 in hexadecimal that stands in the manifest. Raises InputError for any other model.
    """
    found = sha256(model).hexdigest()
    if not hmac.compare_digest(found, digest.lower()):
        raise InputError(
            f"This is not the model that was approved: its SHA-256 is {found}, and the manifest says {digest[:64]!r}",
            found=found,
        )
    return model
