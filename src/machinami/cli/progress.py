"""How far is a long work? A bar on stderr for those who watch, nothing for those who do not."""

import sys
import time
from collections.abc import Callable

_WIDTH = 30
_PAUSE = 0.1


def progress_bar(doing: str) -> Callable[[int, int], None]:
    """Return what draws the bar when it is told (done, all); it says how long it will still take."""
    if not sys.stderr.isatty():
        return _silence
    began = time.monotonic()
    shown = 0.0

    def draw(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if done < total and now - shown < _PAUSE:
            return
        shown = now
        share = done / total if total else 1.0
        filled = round(_WIDTH * share)
        left = f", {(now - began) * (1 / share - 1):.0f} s left" if 0 < share < 1 else ""
        end = "\n" if done >= total else ""
        bar = "█" * filled + "·" * (_WIDTH - filled)
        print(f"\r[{bar}] {doing} {done}/{total}{left}   ", end=end, file=sys.stderr, flush=True)

    return draw


def _silence(done: int, total: int) -> None:
    """Nobody is watching."""
