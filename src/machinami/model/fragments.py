"""What does a fragment change of a kept document, and how is a member that breaks a rule named? (pure; 5.5.8)

For what is kept as it was sent and is no entity: subscriptions, registrations, snapshots.
"""

from collections.abc import Container
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.null import NULL

Json = dict[str, Any]

NULLS = (None, NULL)


def wrong(member: str, rule: str) -> BadRequestData:
    """The error for a member that breaks a rule."""
    return BadRequestData(f"{member} {rule}", member=member)


def merged(document: Json, fragment: Json, read_only: Container[str]) -> Json:
    """The document with the members of a fragment, but for those that only the broker writes; null or
    urn:ngsi-ld:null removes one (5.5.8)."""
    kept = {**document, **{name: value for name, value in fragment.items() if name not in read_only}}
    return {name: value for name, value in kept.items() if value not in NULLS}
