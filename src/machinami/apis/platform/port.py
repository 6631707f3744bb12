"""What does this face ask of an installation? What can be done with its towns."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from machinami.model.principal import Principal

Told = dict[str, Any]


class Record(Protocol):
    """The platform's own record."""

    @property
    def folder(self) -> Path:
        """Where its files are."""

    def faults(self) -> list[str]:
        """What shows that it is not as it was written."""


class Towns(Protocol):
    """The towns of an installation, for its operator. Everything raises Forbidden for anybody else."""

    @property
    def record(self) -> Record:
        """What was done with them."""

    def demand(self, by: Principal) -> None:
        """Raise Forbidden unless who asks is the operator or an administrator of the installation."""

    def towns(self, by: Principal) -> list[Told]:
        """Every town with what it takes and may take."""

    async def found(
        self, name: str, by: Principal, administrator: str = "", host: str = "", quota: object = None
    ) -> Told:
        """Make a town, and invite who runs it."""

    async def invite(self, name: str, person: str, by: Principal) -> Told:
        """A link for the first administrator of a town."""

    def call(self, name: str, host: str, by: Principal) -> Told:
        """Say by which host name browsers reach a town."""

    async def limit(self, name: str, bounds: Mapping[str, Any], by: Principal) -> Told:
        """Other bounds for a town."""

    async def encrypt(self, name: str, by: Principal) -> Told:
        """Encrypt the file of a town."""

    async def send_out(self, name: str, stays: bool, key: bool, by: Principal) -> Told:
        """Have a town go as a folder."""

    async def delete(self, name: str, by: Principal) -> Told:
        """Delete a town; the report."""

    def reports(self, by: Principal) -> list[Told]:
        """What was done with towns."""
