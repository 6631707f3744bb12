"""What did somebody type into the forms of participation?"""

from collections.abc import Mapping
from typing import Any

from machinami.foundation.errors import NotFound
from machinami.kit.signing import said, said_if
from machinami.model.vocabulary.circle import Proposal
from machinami.services.participation.logic.pieces import LONGEST_NAME, LONGEST_TEXT, Draft, Reply
from machinami.services.participation.model import ProposalComment


def draft(form: Mapping[str, str], language: str) -> Draft:
    """Something new. Raises BadRequestData."""
    return Draft(
        said(form, "kind"),
        said(form, "name", LONGEST_NAME),
        said(form, "text", LONGEST_TEXT),
        language,
        said_if(form, "field"),
        said_if(form, "chapter"),
        said_if(form, "plan"),
    )


def reply(form: Mapping[str, str], language: str) -> Reply:
    """The town's answer. Raises BadRequestData."""
    return Reply(
        said_if(form, "state"),
        said(form, "reply", LONGEST_TEXT),
        language,
        said_if(form, "changed", LONGEST_TEXT),
        said_if(form, "verdict"),
    )


def kind_of(piece_id: str) -> tuple[type[Any], str]:
    """What a piece is, by its id. Raises NotFound."""
    for kind in (Proposal, ProposalComment):
        if piece_id.startswith(f"urn:ngsi-ld:{kind.TYPE}:"):
            return kind, piece_id
    raise NotFound(f"There is nothing called {piece_id[:100]!r}", entityId=piece_id)
