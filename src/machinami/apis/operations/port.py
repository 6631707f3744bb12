"""What does this face ask of an installation? To be looked over, and to give what helps others to help."""

from collections.abc import Collection, Sequence
from typing import Protocol

from machinami.model.checkup.facts import DiskFact
from machinami.model.checkup.finding import Checkup
from machinami.model.checkup.forecast import Sample


class Overseen(Protocol):
    """An installation that can be looked over."""

    @property
    def data(self) -> str:
        """Its folder."""

    async def examine(self, slowly: bool = False) -> Checkup:
        """How it fares now. slowly: also what is dear to be told."""

    def growth(self) -> Sequence[Sample]:
        """What its data took on earlier days."""

    def disk(self) -> DiskFact | None:
        """Its disk, and when that is full."""

    async def bundle(self, towns: Collection[str]) -> bytes:
        """What helps somebody else to help, as a zip file without secrets. towns: of which it names what they hold."""
