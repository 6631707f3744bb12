"""What is safe in the log, but not yet in the tables of the state and of the history?

A change is put into the log with its commit. The state and the history would change pages far apart with each of them;
they follow the log at a distance, many changes at a time and in the order of their tables, before anyone reads them.
After a crash they are brought up from the log.
"""

from dataclasses import dataclass, field

from machinami.store.sqlite.hot import Hot, State
from machinami.store.sqlite.runs import Runs, Step
from machinami.store.sqlite.waiting import Waiting

STATE = 1 << 19  # bytes of log that the state may be behind: what it takes to catch up holds everything else up
HISTORY = 4 << 20  # the same of the history: rows of the same place of the table then go there together


@dataclass(slots=True)
class Later:
    """What a group leaves to wait: steps with the id of their entity and what they make of it; instances of
    the history.

    size: bytes of the log that the state is behind; history_size: that the history is behind.
    """

    steps: list[tuple[str, Step, State]] = field(default_factory=list)
    size: int = 0
    history: list[Waiting] = field(default_factory=list)
    history_size: int = 0

    @property
    def deep(self) -> bool:
        """Whether more than the JSON of entities waits."""
        return any(step.deep for _, step, _ in self.steps)


class Backlog:
    """What waits, all of it of committed changes; states: the entities that it changes, as they are."""

    def __init__(self) -> None:
        self.history: list[Waiting] = []
        self.history_size = 0
        self._folded()

    def _folded(self) -> None:
        self.runs = Runs()
        self.states: dict[str, State] = {}
        self.keys: dict[int, Hot] = {}
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self.runs or self.history)

    def committed(self, folded: bool, settled: bool, later: Later) -> None:
        """A commit has put what waited into the tables of the state (folded) and of the history (settled), or not."""
        if folded:
            self._folded()
        if settled:
            self.history, self.history_size = [], 0
        for entity_id, step, state in later.steps:
            self.runs.take(entity_id, step)
            self.states[entity_id] = state
            if isinstance(state, Hot):
                self.keys[state.key] = state
            else:
                self.keys.pop(step.key, None)
        self.size += later.size
        self.history += later.history
        self.history_size += later.history_size
