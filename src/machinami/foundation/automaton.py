"""Does a text hold a match of a regular expression, in time that only grows with the text?

The expression comes as a tree. It becomes a non-deterministic automaton (Thompson's construction) that is run
as a deterministic one made on the way: each character of the text is looked at once, so that no expression
can make it hang, as backtracking can.
"""

import re
from dataclasses import dataclass, field

from machinami.foundation.errors import BadRequestData
from machinami.foundation.remembered import remembered

MAX_STEPS = 400  # of the automaton: bounds the time for one character
_MAX_MOVES = 20_000  # kept moves of one automaton: bounds its memory


@dataclass(frozen=True, slots=True)
class One:
    """One character, by the source of a `re` expression that matches a single character."""

    source: str


@dataclass(frozen=True, slots=True)
class Start:
    """The start of the text."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of the text."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The part at least `low` and at most `high` times; None: any number of times."""

    part: "Tree"
    low: int
    high: int | None


Tree = One | Start | End | Sequence | Choice | Repeat

_MATCH = 0  # the index of the step that means success


@dataclass(frozen=True, slots=True)
class _Step:
    """Tests one character (`test`), or an end of the text (`edge`), or nothing; then goes on to `next`."""

    next: tuple[int, ...]
    test: re.Pattern[str] | None = None
    edge: type | None = None


@dataclass(slots=True, eq=False)
class _State:
    """Which steps wait for a character and which for the end of the text; found: there is a match already."""

    waiting: tuple[_Step, ...]
    ends: tuple[int, ...]
    found: bool
    moves: dict[str, "_State"] = field(default_factory=dict)


class Automaton:
    """A regular expression that can be looked for in texts."""

    def __init__(self, tree: Tree, flags: int) -> None:
        self._flags = flags
        self._steps: list[_Step] = [_Step(())]
        self._entry = self._emit(tree, _MATCH)
        self._states: dict[tuple[frozenset[int], bool], _State] = {}
        self._moves = 0
        self._first = self._state(frozenset((self._entry,)), True)

    def finds(self, text: str) -> bool:
        """Whether the expression matches anywhere in the text."""
        state = self._first
        for sign in text:
            if state.found:
                return True
            following = state.moves.get(sign)
            state = self._move(state, sign) if following is None else following
        return state.found or self._found_at_end(state, not text)

    def _move(self, state: _State, sign: str) -> _State:
        reached = {self._entry}
        for step in state.waiting:
            if step.test is not None and step.test.match(sign) is not None:
                reached.update(step.next)
        if self._moves >= _MAX_MOVES:
            self._states.clear()
            self._first.moves.clear()
            self._moves = 0
        self._moves += 1
        following = state.moves[sign] = self._state(frozenset(reached), False)
        return following

    def _state(self, reached: frozenset[int], at_start: bool) -> _State:
        state = self._states.get((reached, at_start))
        if state is None:
            waiting, ends, found = self._close(reached, at_start, False)
            state = self._states[reached, at_start] = _State(waiting, ends, found)
        return state

    def _close(
        self, reached: frozenset[int], at_start: bool, at_end: bool
    ) -> tuple[tuple[_Step, ...], tuple[int, ...], bool]:
        """All steps that can be reached without reading a character."""
        seen: set[int] = set()
        todo = list(reached)
        waiting: list[_Step] = []
        ends: list[int] = []
        while todo:
            index = todo.pop()
            if index in seen:
                continue
            seen.add(index)
            step = self._steps[index]
            if step.test is not None:
                waiting.append(step)
            elif step.edge is End and not at_end:
                ends.append(index)
            elif step.edge is not Start or at_start:
                todo.extend(step.next)
        return tuple(waiting), tuple(ends), _MATCH in seen

    def _found_at_end(self, state: _State, empty: bool) -> bool:
        return bool(state.ends) and self._close(frozenset(state.ends), empty, True)[2]

    def _add(self, step: _Step) -> int:
        if len(self._steps) > MAX_STEPS:
            raise BadRequestData(f"the pattern is too long: with its repetitions it has over {MAX_STEPS} steps")
        self._steps.append(step)
        return len(self._steps) - 1

    def _emit(self, tree: Tree, then: int) -> int:
        """The index of the first step for the tree, which goes on to the step `then`."""
        if isinstance(tree, One):
            return self._add(_Step((then,), test=_single(tree.source, self._flags)))
        if isinstance(tree, Start | End):
            return self._add(_Step((then,), edge=type(tree)))
        if isinstance(tree, Sequence):
            for part in reversed(tree.parts):
                then = self._emit(part, then)
            return then
        if isinstance(tree, Choice):
            return self._add(_Step(tuple(self._emit(part, then) for part in tree.parts)))
        return self._emit_repeat(tree, then)

    def _emit_repeat(self, tree: Repeat, then: int) -> int:
        entry = then
        if tree.high is None:
            entry = self._add(_Step((then,)))
            self._steps[entry] = _Step((self._emit(tree.part, entry), then))
        else:
            for _ in range(tree.high - tree.low):
                entry = self._add(_Step((self._emit(tree.part, entry), then)))
        for _ in range(tree.low):
            entry = self._emit(tree.part, entry)
        return entry


@remembered(1_024)
def _single(source: str, flags: int) -> re.Pattern[str]:
    return re.compile(source, flags)
