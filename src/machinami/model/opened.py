"""How much of what was at hand unopened was opened since? Whoever keeps entities keeps more than he put there."""

from dataclasses import dataclass


@dataclass(slots=True)
class _Tally:
    """How many bytes of JSON were opened since the start, about."""

    opened: int = 0


_tally = _Tally()


def note_opened(size: int) -> None:
    """An entity was opened whose JSON has so many bytes, about."""
    _tally.opened += size


def opened_bytes() -> int:
    """Of how many bytes of JSON entities were opened since the start."""
    return _tally.opened
