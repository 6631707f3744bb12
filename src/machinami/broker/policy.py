"""Who may do what? Asked by every operation before it touches the store."""

from enum import StrEnum
from typing import Protocol

from machinami.foundation.errors import Forbidden
from machinami.model.principal import Principal


class Action(StrEnum):
    """What an operation does to the town's data."""

    READ = "read"
    WRITE = "write"
    SUBSCRIBE = "subscribe"
    ADMINISTER = "administer"


class Policy(Protocol):
    """Decides whether a principal may do something."""

    def allows(self, by: Principal, action: Action) -> bool:
        """Whether the principal may do this in this town."""
        ...


class OpenTown:
    """The policy of a town without administrators: everyone may do everything, served on loopback only."""

    def allows(self, by: Principal, action: Action) -> bool:
        """Everyone may do everything."""
        return True


def demand(policy: Policy, by: Principal, action: Action) -> None:
    """Raise Forbidden unless the policy allows it."""
    if not policy.allows(by, action):
        raise Forbidden(f"{by.id} may not {action} here", principal=by.id, action=action.value)
