"""How far is a branch behind, as the branch and as its centre see it? For /health, /metrics and the checkup."""

from collections.abc import Sequence
from datetime import UTC, datetime

from machinami.apis.status.shapes import Metric, Part
from machinami.app.delivering import Delivering
from machinami.broker.hearing import Hearing
from machinami.model.checkup.facts import BranchFact

LATE = 120.0  # seconds: a branch that has nothing to say says so twice a minute
_SECONDS, _CHANGES = "What a branch is behind with delivering", "Changes that a branch has still to deliver"
_REFUSED = "Changes of a branch that its centre does not take, or that wait behind such a one"


class Lagging:
    """What both sides tell. delivering: where this installation is a branch itself."""

    def __init__(self, hearing: Hearing, delivering: Delivering | None) -> None:
        self._hearing = hearing
        self._delivering = delivering

    def facts(self) -> Sequence[BranchFact]:
        """The branches that are heard here, and this one, where it is one."""
        now = self._hearing.clock()
        found = [
            BranchFact(one.name, one.town, one.lag(now), one.changes, datetime.fromtimestamp(one.at, UTC), one.refused)
            for one in self._hearing.branches()
        ]
        own = self._delivering
        if own is not None:
            refused = len(own.unaccepted)
            found.append(BranchFact(own.of, "", own.lag(now), own.behind, None, refused, own.unaccepted.why()))
        return found

    def parts(self) -> list[Part]:
        """In words."""
        return [
            Part(
                f"branch {one.name}" if one.heard else "delivery to the centre, behind",
                one.seconds < LATE and not one.refused,
                f"{one.seconds:.0f} s and {one.changes} changes behind"
                + (f", {one.refused} not taken by the centre" if one.refused else ""),
            )
            for one in self.facts()
        ]

    def metrics(self) -> list[Metric]:
        """In figures. At the branch itself no branch is named."""
        found = []
        for one in self.facts():
            labels = {"branch": one.name, "town": one.town} if one.heard else {}
            found.append(Metric("branch_lag_seconds", _SECONDS, one.seconds, labels=labels))
            found.append(Metric("branch_lag_changes", _CHANGES, one.changes, labels=labels))
            found.append(Metric("branch_refused_changes", _REFUSED, one.refused, labels=labels))
        return found
